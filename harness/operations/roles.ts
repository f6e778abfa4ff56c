/** Steps that change roles of the scenario. */
import type { PermissionStatement, RoleSpec } from '../scenario/policy.ts';
import type { StepOf } from '../scenario/spec.ts';
import {
  deleteRole as remove,
  putRolePolicy as put,
  recreateRole as recreate,
  updateTrust as update,
} from '../world/fixtures/roles.ts';
import { action, defineStep } from './registry.ts';

interface OfRole extends StepOf<string> {
  readonly role: string;
}

interface PutRolePolicy extends OfRole {
  readonly permissions: readonly PermissionStatement[];
}

interface UpdateTrust extends OfRole {
  readonly trust: RoleSpec['trust'];
}

export const putRolePolicy = (role: string, ...permissions: readonly PermissionStatement[]): PutRolePolicy =>
  action('PutRolePolicy', { role, permissions });
export const updateTrust = (role: string, trust: RoleSpec['trust']): UpdateTrust =>
  action('UpdateTrust', { role, trust });
export const deleteRole = (role: string): OfRole => action('DeleteRole', { role });
/** Makes a role that was deleted again, as the scenario declares it. */
export const recreateRole = (role: string): OfRole => action('RecreateRole', { role });

const common = {
  refersTo: ({ role }: OfRole) => ({ roles: [role] }),
  withoutKubernetes: true,
  changesIam: true,
  changesRole: ({ role }: OfRole) => role,
} as const;

defineStep<PutRolePolicy>({
  ...common,
  name: 'PutRolePolicy',
  perform: ({ world }, { role, permissions }) => put(world, role, permissions),
});
defineStep<UpdateTrust>({
  ...common,
  name: 'UpdateTrust',
  perform: ({ world }, { role, trust }) => update(world, role, trust),
});
defineStep<OfRole>({ ...common, name: 'DeleteRole', perform: ({ world }, { role }) => remove(world, role) });
defineStep<OfRole>({ ...common, name: 'RecreateRole', perform: ({ world }, { role }) => recreate(world, role) });
