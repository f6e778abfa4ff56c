import { AwsError } from '../core/errors.ts';
import type { QueryParameters } from '../query/parameters.ts';
import { parseRoleArn } from './arns.ts';
import { MAX_SESSION_POLICY_ARNS, MAX_SESSION_POLICY_LENGTH } from './session-policies.ts';

/** Seconds (STS API Reference, AssumeRole and AssumeRoleWithWebIdentity, `DurationSeconds`). */
const DEFAULT_DURATION = 3600;
const DURATION = { min: 900, max: 43_200 };

/** The checked parameters that AssumeRole and AssumeRoleWithWebIdentity have in common; `invalidArn` gives the message for an ARN that is no role's. */
export function roleParameters(parameters: QueryParameters, invalidArn: (arn: string) => string) {
  const roleArn = parameters.required('RoleArn', { min: 20, max: 2048 });
  const sessionName = parameters.required('RoleSessionName', { min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ });
  const durationSeconds = parameters.integer('DurationSeconds', DURATION) ?? DEFAULT_DURATION;
  const policy = parameters.text('Policy', { min: 1, max: MAX_SESSION_POLICY_LENGTH });
  const sessionPolicyArns =
    parameters.structures('PolicyArns')?.map((member) => member.required('arn', { min: 20, max: 2048 })) ?? [];
  if (parseRoleArn(roleArn) === undefined) throw new AwsError('ValidationError', 400, invalidArn(roleArn));
  if (sessionPolicyArns.length > MAX_SESSION_POLICY_ARNS) {
    throw new AwsError(
      'ValidationError',
      400,
      `At most ${MAX_SESSION_POLICY_ARNS} managed session policies can be passed.`,
    );
  }
  return {
    roleArn,
    sessionName,
    durationSeconds,
    sessionPolicies: policy !== undefined ? [policy] : [],
    sessionPolicyArns,
  };
}
