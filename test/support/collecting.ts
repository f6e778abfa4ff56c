/** What tests of `doctor` give its collector. */
import type { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import type { Limiters } from '../../aws/clients.ts';
import { RateLimiter } from '../../aws/rate-limiter.ts';
import { AWS_SERVICES } from '../../aws/service-names.ts';

export const UNLIMITED = Object.fromEntries(
  AWS_SERVICES.map((service) => [service, new RateLimiter(Infinity)]),
) as unknown as Limiters;

/** Returns a kubeconfig with one context, whose user has a token. */
export function kubeconfigText(name: string, kubeConfig: KubeConfig, token: string): string {
  const { server, caData } = kubeConfig.getCurrentCluster()!;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': caData } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
