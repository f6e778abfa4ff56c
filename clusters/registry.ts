import type { ClusterType } from './cluster-type.ts';
import { EKS } from './eks/cluster-type.ts';
import { EMBEDDED } from './embedded/cluster-type.ts';
import { KIND } from './kind/cluster-type.ts';

/** What `--cluster` can name. The first is the default. */
export const CLUSTER_TYPES: readonly ClusterType[] = [EMBEDDED, KIND, EKS];
