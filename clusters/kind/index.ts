import type { ClusterHost } from '../driver.ts';
import { ClusterError } from '../errors.ts';
import type { KindOptions } from './options.ts';

export { KIND_CAPABILITIES } from './capabilities.ts';
export type { KindOptions } from './options.ts';

export async function kindHost(_options: KindOptions): Promise<ClusterHost> {
  throw new ClusterError('CLUSTER_FAILED', 'environment', 'not there yet');
}
