import type { InCluster } from '../../../../clusters/eks/index.ts';
import type { AccountAlias } from '../../../scenario/policy.ts';

/** Something in AWS that carries the tags of a run. */
export type AwsThing = {
  readonly run: string;
  readonly expiresAt: Date;
  readonly account: AccountAlias;
  /** Of the run. Undefined: where it was found. */
  readonly region?: string;
} & (
  | { readonly kind: 'association'; readonly cluster: string; readonly id: string; readonly subject: string }
  | { readonly kind: 'add-on'; readonly cluster: string; readonly name: string }
  | { readonly kind: InCluster['kind']; readonly cluster: string; readonly name: string }
  | { readonly kind: 'cluster'; readonly name: string }
  | { readonly kind: 'OIDC provider'; readonly arn: string }
  | { readonly kind: 'bucket'; readonly name: string }
  | { readonly kind: 'role'; readonly name: string }
  | { readonly kind: 'policy'; readonly arn: string }
);

/** In this order: what uses something goes before it. */
export const REMOVAL_ORDER: readonly AwsThing['kind'][] = [
  'namespace',
  'DaemonSet',
  'association',
  'add-on',
  // The last in the cluster: another run may use it from then on.
  'Lease',
  'cluster',
  'OIDC provider',
  'bucket',
  'role',
  'policy',
];

/** Something that is left as it is. */
export interface Untouched {
  /** As `titleOf` has it. */
  readonly title: string;
  /** Goes on from the title, or is a clause of its own; no full stop. */
  readonly why: string;
}

/** What there is of runs. */
export interface AwsFindings {
  readonly things: readonly AwsThing[];
  /** What has the name of a run and not its tags, and clusters of others that may not be looked into. */
  readonly refused: readonly Untouched[];
  /** What may be a run's and may not be looked at, with AWS' reason. */
  readonly unseen: readonly Untouched[];
}

/** Title of the cluster that a role of a run is of; undefined for all else. */
export function clusterOfRole(thing: AwsThing): string | undefined {
  if (thing.kind !== 'role' || thing.account !== 'main') return undefined;
  const name = /^(conformance-c[0-9a-f]{6}-c\d)-(?:cluster|node)$/.exec(thing.name)?.[1];
  return name === undefined ? undefined : `cluster ${name}`;
}

export function titleOf(thing: AwsThing): string {
  const where = thing.account === 'other' ? ' in the second account' : '';
  switch (thing.kind) {
    case 'association':
      return `association ${thing.id} of ${thing.subject} in cluster ${thing.cluster}`;
    case 'add-on':
    case 'namespace':
    case 'DaemonSet':
    case 'Lease':
      return `${thing.kind} ${thing.name} of cluster ${thing.cluster}`;
    case 'OIDC provider':
    case 'policy':
      return `${thing.kind} ${thing.arn}${where}`;
    case 'cluster':
    case 'bucket':
    case 'role':
      return `${thing.kind} ${thing.name}${where}`;
  }
}
