import type { ClusterType } from '../cluster-type.ts';

/** Kubernetes in this process. */
export const EMBEDDED: ClusterType = {
  name: 'embedded',
  options: [],
  aws: 'emulator',
};
