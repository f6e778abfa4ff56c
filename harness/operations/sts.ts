import { text } from '../scenario/form.ts';
import { chainStep, change, seconds, tokenSource } from './forms.ts';
import type { AssumeRoleStep, WebIdentityRequest } from '../../foundation/protocols/probe-protocol.ts';
import type { PermissionPolicy } from '../scenario/policy.ts';
import type { Operation } from '../scenario/spec.ts';
import type { Names } from '../scenario/names.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

/** Parameters of AssumeRole, in the form of scenarios. */
export type ChainStep = Omit<AssumeRoleStep, 'policy'> & { readonly policy?: PermissionPolicy };
/** `roleArn`: a text to send instead of the role's ARN. */
type ChainOptions = Partial<ChainStep>;

export const stepToProgram = (names: Names, { policy, ...step }: ChainStep): AssumeRoleStep => ({
  ...names.expandAll(step),
  ...(policy && { policy: names.policyText(policy) }),
});

const throughSdk = { throughSdk: true, readOnly: true } as const;
export const whoAmI = defineWorkloadOperation('GetCallerIdentity', () => ({}), {
  ...throughSdk,
  form: {},
  describe: () => [],
});

/** Makes an operation use another role: `getObject(…, { through: chain('target') })`. */
export const chain = (role: string, options: ChainOptions = {}): ChainStep => ({
  roleArn: `<role:${role}>`,
  ...options,
});

/** Calls AssumeRole with the workload's session. `role` is a role of the scenario. */
export const assumeRole = defineWorkloadOperation(
  'AssumeRole',
  (role: string, options: ChainOptions = {}) => ({ role: chain(role, options) }),
  {
    ...throughSdk,
    form: { role: chainStep },
    assumes: ({ role }) => role.roleArn,
    describe: ({ role }, say) => [say.text(role.roleArn)],
    toProgram: ({ role, ...rest }, { names }) => ({ ...rest, role: stepToProgram(names, role) }) as Operation,
  },
);

/**
 * Lets the SDK assume a role by a profile's `credential_source = EcsContainer` (AWS SDKs and Tools Reference Guide,
 * "Assume role credential provider"). `role` is a role of the scenario.
 */
export const assumeByProfile = defineWorkloadOperation(
  'AssumeRoleByProfile',
  (role: string) => ({ roleArn: `<role:${role}>` }),
  {
    ...throughSdk,
    form: { roleArn: text },
    assumes: ({ roleArn }) => roleArn,
    clientOperations: () => ['AssumeRole'],
    describe: ({ roleArn }, say) => [say.text(roleArn)],
  },
);

/** Calls AssumeRoleWithWebIdentity inside the pod, without an SDK. `role` is a role of the scenario. */
export const assumeWithWebIdentity = defineWorkloadOperation(
  'AssumeRoleWithWebIdentity',
  (
    role: string,
    options: Partial<Pick<WebIdentityRequest, 'token' | 'change' | 'durationSeconds'>> = {},
  ): Omit<WebIdentityRequest, 'do'> => ({ roleArn: `<role:${role}>`, token: { from: 'irsa' }, ...options }),
  {
    form: { roleArn: text, token: tokenSource, change, durationSeconds: seconds },
    refersTo: (operation) => ({ tokens: [mintedToken(operation)] }),
    usesApiToken: isApiToken,
    assumes: ({ roleArn }) => roleArn,
    describe: (operation, say) => [say.text(operation.roleArn), tokenWords(operation)],
  },
);
