/** Roles that pods assume from the session of their association. */
import { allow, podIdentityRole, trustRole, type Conditions, type RoleSpec } from '../../harness/index.ts';
import { ASSUME_AND_TAG } from './worlds.ts';

export const base = (...targets: readonly string[]): RoleSpec =>
  podIdentityRole(
    allow(
      ASSUME_AND_TAG,
      targets.map((target) => `<role:${target}>`),
    ),
  );
export const target = (conditions?: Conditions, ...permissions: readonly ReturnType<typeof allow>[]): RoleSpec => ({
  trust: [trustRole('app', conditions && { conditions })],
  permissions,
});
