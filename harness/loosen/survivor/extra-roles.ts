import type { PolicyUse } from '../../policies/policy-uses.ts';
import type { ScenarioSpec } from '../../scenario/spec.ts';
import { Built, valueOf } from './built.ts';

/** Whose policy is compared. */
export type Owner = Pick<PolicyUse, 'part' | 'owner' | 'policy'>;

const nameOf = (prefix: string, { owner }: Owner): string =>
  `${prefix}-${owner.replace(/[^A-Za-z0-9]+/g, '-').slice(-12)}`.toLowerCase();
/** Name of a role with every permission that a question about the owner needs. */
export const intruderOf = (owner: Owner): string => nameOf('intruder', owner);
/** Name of a role that leaves it to the owner's account who may assume it. */
export const outsideOf = (owner: Owner): string => nameOf('outside', owner);

const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];

/** Returns roles that attempts may need in addition to a scenario's. */
export function extraRoles({ roles, keys = {} }: ScenarioSpec, of: Owner): Readonly<Record<string, unknown>> {
  const { part, owner } = of;
  const [intruder, outside] = [intruderOf(of), outsideOf(of)];
  const trustOf = (account: string): object[] => [
    { effect: 'Allow', actions: ASSUME_AND_TAG, principal: { AWS: `arn:aws:iam::<account:${account}>:root` } },
  ];
  if (part === 'trust')
    return { [intruder]: new Built('podIdentityRole', new Built('allow', ASSUME_AND_TAG, `<role:${owner}>`)) };
  if (part === 'bucket') {
    const keyArns = Object.keys(keys).map((key) => `<key:${key}>`);
    const permissions = [
      new Built('allow', 's3:*', [owner, `${owner}/*`]),
      ...(keyArns.length > 0 ? [new Built('allow', 'kms:*', keyArns)] : []),
    ];
    return {
      [intruder]: new Built('podIdentityRole', ...permissions, new Built('allow', ASSUME_AND_TAG, `<role:${outside}>`)),
      [outside]: { account: 'other', trust: trustOf('main'), permissions },
    };
  }
  if (part === 'key')
    return { [intruder]: new Built('podIdentityRole', new Built('allow', 'kms:*', `<key:${owner}>`)) };
  if (part === 'resource')
    return { [intruder]: new Built('podIdentityRole', new Built('allow', `${owner.split(':')[2] ?? ''}:*`, owner)) };
  return { [outside]: { trust: trustOf(roles?.[owner]?.account ?? 'main') } };
}

export const withExtraRoles = (spec: ScenarioSpec, owner: Owner): ScenarioSpec => ({
  ...spec,
  roles: { ...(valueOf(extraRoles(spec, owner)) as ScenarioSpec['roles']), ...spec.roles },
});
