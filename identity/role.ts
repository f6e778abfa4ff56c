import type { TaggedIdentity } from './policy/global-context.ts';

/** The parts of a role that its sessions show. */
export interface Role extends TaggedIdentity {
  readonly arn: string;
  /** `AROA…`; undefined if it is not known. */
  readonly id?: string;
}

/** Returns the account in an ARN; empty if it has none. */
export const accountOf = (arn: string): string => arn.split(':')[4] ?? '';
export const partitionOf = (arn: string): string => arn.split(':')[1] ?? 'aws';

/** Returns the name without the path. */
export const roleNameOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
