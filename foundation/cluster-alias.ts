/** The clusters that scenarios name. */
export type ClusterAlias = 'c1' | 'c2';
