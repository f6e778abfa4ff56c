import type { ClusterType } from './interface/cluster-type.ts';
import { EKS } from './eks/cluster-type.ts';
import { EMBEDDED } from './embedded/cluster-type.ts';
import { KIND } from './kind/cluster-type.ts';

/** The first is the default of `--cluster`. */
export const CLUSTER_TYPES: readonly ClusterType[] = [EMBEDDED, KIND, EKS];
