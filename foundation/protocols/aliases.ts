export type ClusterAlias = 'c1' | 'c2';
export type AccountAlias = 'main' | 'other';
