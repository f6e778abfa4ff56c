import { COMMON_CAPABILITIES, without } from '../capabilities.ts';

/**
 * What kind clusters can do, by the harness' capability names, unless what runs on them lacks it: see `lackingCapabilities`.
 * An existing cluster is one, and keeps the issuer that it has.
 */
export const kindCapabilities = (attached: boolean): ReadonlySet<string> =>
  without(
    [...COMMON_CAPABILITIES, 'imds', 'webhook-endpoint', 'network-policy'],
    attached ? ['two-clusters', 'own-cluster'] : [],
  );
