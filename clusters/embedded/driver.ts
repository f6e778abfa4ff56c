import type { ClusterDriver } from '../driver.ts';
import { provisionThroughEks } from '../eks-api.ts';

/** Provisions embedded clusters: through the emulated EKS, whose cluster provider makes them. */
export function embeddedDriver(probeImage: string): ClusterDriver {
  return {
    name: 'embedded',
    capabilities: new Set(['pod-identity', 'irsa', 'two-clusters', 'imds', 'agent-restart', 'webhook-endpoint']),
    probeImage,
    provision: provisionThroughEks,
  };
}
