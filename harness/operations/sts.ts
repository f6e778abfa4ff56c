/** Operations of STS through an SDK: who am I, and as another role. */
import type { AssumeRoleStep } from '../../foundation/probe-protocol.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import { defineOperation } from './registry.ts';

interface AssumeRole extends WorkloadOperation {
  readonly do: 'AssumeRole';
  readonly role: AssumeRoleStep;
}

export const whoAmI = (): WorkloadOperation => ({ do: 'GetCallerIdentity' });

/** AssumeRole from the workload's own session; `role` is a role of the scenario. */
export const assumeRole = (role: string, options: Omit<AssumeRoleStep, 'roleArn'> = {}): AssumeRole => ({
  do: 'AssumeRole',
  role: chain(role, options),
});

/** Says that an operation goes through another role, assumed from the workload's session: `getObject(…, { through: chain('target') })`. */
export const chain = (role: string, options: Omit<AssumeRoleStep, 'roleArn'> = {}): AssumeRoleStep => ({
  roleArn: `<role:${role}>`,
  ...options,
});

defineOperation({
  name: 'GetCallerIdentity',
  performedBy: 'workload',
  throughSdk: true,
  readOnly: true,
  describe: () => [],
});

defineOperation<AssumeRole>({
  name: 'AssumeRole',
  performedBy: 'workload',
  throughSdk: true,
  readOnly: true,
  assumes: ({ role }) => role.roleArn,
  describe: ({ role }, say) => [say.text(role.roleArn)],
});
