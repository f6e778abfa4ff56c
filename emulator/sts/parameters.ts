import { validationText } from '../constraints/violations.ts';
import { validationError } from '../core/errors.ts';
import type { QueryParameters } from '../query/parameters.ts';
import { parseRoleArn } from './arns.ts';
import { MAX_SESSION_POLICY_ARNS, MAX_SESSION_POLICY_LENGTH } from './session-policies.ts';

/** Seconds (STS API Reference, AssumeRole and AssumeRoleWithWebIdentity, `DurationSeconds`). */
const DEFAULT_DURATION = 3600;

/** The checked parameters that AssumeRole and AssumeRoleWithWebIdentity have in common; `invalidArn` gives the message for an ARN that is no role's. */
export function roleParameters(parameters: QueryParameters, invalidArn: (arn: string) => string) {
  const roleArn = parameters.required('RoleArn');
  const sessionName = parameters.required('RoleSessionName');
  const durationSeconds = parameters.integer('DurationSeconds') ?? DEFAULT_DURATION;
  const policy = parameters.text('Policy');
  if (policy !== undefined && policy.length > MAX_SESSION_POLICY_LENGTH) {
    const constraint = `Member must have length less than or equal to ${MAX_SESSION_POLICY_LENGTH}`;
    throw validationError(validationText([{ path: 'policy', value: `'${policy}'`, constraint }]));
  }
  const sessionPolicyArns = parameters.structures('PolicyArns')?.map((member) => member.required('arn')) ?? [];
  if (parseRoleArn(roleArn) === undefined) throw validationError(invalidArn(roleArn));
  if (sessionPolicyArns.length > MAX_SESSION_POLICY_ARNS) {
    throw validationError(`At most ${MAX_SESSION_POLICY_ARNS} managed session policies can be passed.`);
  }
  return {
    roleArn,
    sessionName,
    durationSeconds,
    sessionPolicies: policy !== undefined ? [policy] : [],
    sessionPolicyArns,
  };
}
