import type { WebIdentityRequest } from '../../foundation/probe-protocol.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import { defineOperation } from './registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

/** AssumeRoleWithWebIdentity sent by hand from inside the pod; `role` is a role of the scenario. */
export const assumeWithWebIdentity = (
  role: string,
  options: Partial<Pick<WebIdentityRequest, 'token' | 'change' | 'durationSeconds'>> = {},
): WebIdentityRequest & WorkloadOperation => ({
  do: 'AssumeRoleWithWebIdentity',
  roleArn: `<role:${role}>`,
  token: { from: 'irsa' },
  ...options,
});

defineOperation<WebIdentityRequest>({
  name: 'AssumeRoleWithWebIdentity',
  performedBy: 'workload',
  refersTo: (operation) => ({ tokens: [mintedToken(operation)] }),
  usesApiToken: isApiToken,
  assumes: ({ roleArn }) => roleArn,
  describe: (operation, say) => [say.text(operation.roleArn), tokenWords(operation)],
});
