import type { ClusterType } from '../cluster-type.ts';
import { checkEksOptions } from './check-options.ts';
import { EKS_OPTIONS } from './command-options.ts';

/** Clusters of Amazon EKS. */
export const EKS: ClusterType = {
  name: 'eks',
  options: EKS_OPTIONS,
  defaults: { 'ready-timeout': 2700, parallel: 64, timeout: 300 },
  aws: 'account',
  check: checkEksOptions,
};
