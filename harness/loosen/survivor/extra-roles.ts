import type { PolicyUse } from '../../policies/policy-uses.ts';
import type { ScenarioSpec } from '../../scenario/spec.ts';
import { Built, valueOf } from './built.ts';

/** Whose policy is compared. */
export type Owner = Pick<PolicyUse, 'part' | 'owner' | 'policy'>;

/** A role with every permission that a question about the owner needs. */
export const INTRUDER = 'intruder';
/** A role that leaves it to the owner's account who may assume it. */
export const OUTSIDE = 'outside';

const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];

/** Returns roles that attempts may need in addition to a scenario's. */
export function extraRoles({ roles }: ScenarioSpec, { part, owner }: Owner): Readonly<Record<string, unknown>> {
  const trustOf = (account: string): object[] => [
    { effect: 'Allow', actions: ASSUME_AND_TAG, principal: { AWS: `arn:aws:iam::<account:${account}>:root` } },
  ];
  if (part === 'trust')
    return { [INTRUDER]: new Built('podIdentityRole', new Built('allow', ASSUME_AND_TAG, `<role:${owner}>`)) };
  if (part === 'bucket') {
    const permissions = [new Built('allow', 's3:*', [owner, `${owner}/*`])];
    return {
      [INTRUDER]: new Built('podIdentityRole', ...permissions, new Built('allow', ASSUME_AND_TAG, `<role:${OUTSIDE}>`)),
      [OUTSIDE]: { account: 'other', trust: trustOf('main'), permissions },
    };
  }
  if (part === 'resource')
    return { [INTRUDER]: new Built('podIdentityRole', new Built('allow', `${owner.split(':')[2] ?? ''}:*`, owner)) };
  return { [OUTSIDE]: { trust: trustOf(roles?.[owner]?.account ?? 'main') } };
}

export const withExtraRoles = (spec: ScenarioSpec, owner: Owner): ScenarioSpec => ({
  ...spec,
  roles: { ...(valueOf(extraRoles(spec, owner)) as ScenarioSpec['roles']), ...spec.roles },
});
