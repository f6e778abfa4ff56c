import type { PolicyUse } from '../../policies/policy-uses.ts';
import type { ScenarioSpec } from '../../scenario/spec.ts';
import { Built, valueOf } from './built.ts';

/** Whose policy is searched. */
export type Owner = Pick<PolicyUse, 'part' | 'owner'>;

/** A role with every permission that a question about the owner needs. */
export const INTRUDER = 'intruder';
/** A role that leaves it to the owner's account who may assume it. */
export const OUTSIDE = 'outside';

const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];

/** Returns roles that candidates may need in addition to a scenario's. */
export function extraRoles({ roles }: ScenarioSpec, { part, owner }: Owner): Readonly<Record<string, unknown>> {
  if (part === 'trust')
    return { [INTRUDER]: new Built('podIdentityRole', new Built('allow', ASSUME_AND_TAG, `<role:${owner}>`)) };
  if (part === 'bucket')
    return { [INTRUDER]: new Built('podIdentityRole', new Built('allow', 's3:*', [owner, `${owner}/*`])) };
  const AWS = `arn:aws:iam::<account:${roles?.[owner]?.account ?? 'main'}>:root`;
  return { [OUTSIDE]: { trust: [{ effect: 'Allow', actions: ASSUME_AND_TAG, principal: { AWS } }] } };
}

export const withExtraRoles = (spec: ScenarioSpec, owner: Owner): ScenarioSpec => ({
  ...spec,
  roles: { ...(valueOf(extraRoles(spec, owner)) as ScenarioSpec['roles']), ...spec.roles },
});
