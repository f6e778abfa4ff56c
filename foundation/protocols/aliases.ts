/** The clusters that scenarios name. */
export type ClusterAlias = 'c1' | 'c2';

/** The AWS accounts that scenarios name. */
export type AccountAlias = 'main' | 'other';
