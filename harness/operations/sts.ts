/** Operations of STS: who am I, as another role, and by a web identity. */
import type { AssumeRoleStep, WebIdentityRequest } from '../../foundation/probe-protocol.ts';
import { defineWorkloadOperation } from './registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

const throughSdk = { throughSdk: true, readOnly: true } as const;

export const whoAmI = defineWorkloadOperation('GetCallerIdentity', () => ({}), { ...throughSdk, describe: () => [] });

/** Says that an operation goes through another role, assumed from the workload's session: `getObject(…, { through: chain('target') })`. */
export const chain = (role: string, options: Omit<AssumeRoleStep, 'roleArn'> = {}): AssumeRoleStep => ({
  roleArn: `<role:${role}>`,
  ...options,
});

/** AssumeRole from the workload's own session; `role` is a role of the scenario. */
export const assumeRole = defineWorkloadOperation(
  'AssumeRole',
  (role: string, options: Omit<AssumeRoleStep, 'roleArn'> = {}) => ({ role: chain(role, options) }),
  { ...throughSdk, assumes: ({ role }) => role.roleArn, describe: ({ role }, say) => [say.text(role.roleArn)] },
);

/** AssumeRoleWithWebIdentity sent by hand from inside the pod; `role` is a role of the scenario. */
export const assumeWithWebIdentity = defineWorkloadOperation(
  'AssumeRoleWithWebIdentity',
  (
    role: string,
    options: Partial<Pick<WebIdentityRequest, 'token' | 'change' | 'durationSeconds'>> = {},
  ): Omit<WebIdentityRequest, 'do'> => ({ roleArn: `<role:${role}>`, token: { from: 'irsa' }, ...options }),
  {
    refersTo: (operation) => ({ tokens: [mintedToken(operation)] }),
    usesApiToken: isApiToken,
    assumes: ({ roleArn }) => roleArn,
    describe: (operation, say) => [say.text(operation.roleArn), tokenWords(operation)],
  },
);
