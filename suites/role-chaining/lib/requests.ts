/** Roles to assume, and the error for a request that breaks a rule. */
import { trustRole, type Conditions } from '../../../harness/index.ts';

/** STS does not document which of its codes it returns for these requests. */
export const BAD_REQUEST = {
  by: 'sts',
  code: ['ValidationError', 'InvalidParameterValue', 'MalformedPolicyDocument', 'PackedPolicyTooLarge'],
  status: 400,
} as const;
export const TOO_LARGE = { by: 'sts', code: 'PackedPolicyTooLarge', status: 400 } as const;
export const named = (...roles: readonly string[]) => roles.map((role) => `<role:${role}>`);
export const asking = (actions: readonly string[], conditions?: Conditions) => ({
  trust: [trustRole('app', { actions, ...(conditions && { conditions }) })],
});
