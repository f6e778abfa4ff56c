import type { HostedClusterType } from '../cluster-type.ts';
import { EMBEDDED_CAPABILITIES } from './capabilities.ts';

/** Kubernetes in this process. */
export const EMBEDDED: HostedClusterType = {
  name: 'embedded',
  options: [],
  aws: 'emulator',
  capabilities: () => EMBEDDED_CAPABILITIES,
  existing: () => [],
  open: async ({ run, directory, workload, options, journal }) => {
    const { embeddedHost } = await import('./host.ts');
    return embeddedHost({ run, directory, workload, faults: options.list('fault'), journal });
  },
};
