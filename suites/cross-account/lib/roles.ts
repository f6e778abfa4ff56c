/** The two roles of an association with a target role. */
import { allow, podIdentityRole, trustRole, type Conditions, type RoleSpec } from '../../../harness/index.ts';
import { ASSUME_AND_TAG } from '../../lib/worlds.ts';

/** Returns the role of the association, with permissions on the target role. */
export const baseRole = (target: string, actions: readonly string[] = ASSUME_AND_TAG): RoleSpec =>
  podIdentityRole(allow(actions, `<role:${target}>`));
/** Returns a role of the other account that trusts the base role. */
export const targetRole = (
  base: string,
  options: { readonly actions?: readonly string[]; readonly conditions?: Conditions } = {},
  ...permissions: readonly ReturnType<typeof allow>[]
): RoleSpec => ({ account: 'other', trust: [trustRole(base, options)], permissions });
/** Returns a role of the other account that trusts AWS principals, with or without conditions. */
export const trustingAws = (AWS: string, actions: readonly string[], conditions?: Conditions): RoleSpec => ({
  account: 'other',
  trust: [{ effect: 'Allow', actions, principal: { AWS }, ...(conditions && { conditions }) }],
});
export const MAIN_ACCOUNT = 'arn:aws:iam::<account:main>:root';
export const isRole = (role: string): Conditions => ({ ArnEquals: { 'aws:PrincipalArn': `<role:${role}>` } });
/** Returns an association with both roles. */
export const associated = (role: string, target: string) => ({ role, targetRole: target });
