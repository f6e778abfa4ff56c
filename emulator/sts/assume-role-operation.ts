import type { ServiceContext } from '../world/context.ts';
import { AwsError, missingAuthenticationToken, validationError } from '../../foundation/aws/aws-error.ts';
import type { QueryOperation } from '../query/protocol.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import { assumeRole, type AssumedRole } from './assume-role.ts';
import { validationText } from '../constraints/violations.ts';
import type { QueryParameters } from '../query/parameters.ts';
import { parseRoleArn } from './arns.ts';
import { MAX_SESSION_POLICY_ARNS, MAX_SESSION_POLICY_LENGTH } from './session-policies.ts';

/** AssumeRole (STS API Reference). MFA parameters are ignored. */
export function assumeRoleOperation(context: ServiceContext): QueryOperation {
  return (request, parameters) => {
    const { caller } = request;
    if (caller === undefined) throw missingAuthenticationToken();
    const role = roleParameters(parameters, (arn) => `${arn} is invalid`);
    const tags = parameters.structures('Tags')?.map((tag) => ({
      key: tag.required('Key'),
      value: tag.required('Value'),
    }));
    const transitiveTagKeys = parameters.texts('TransitiveTagKeys');
    const externalId = parameters.text('ExternalId');
    const sourceIdentity = parameters.text('SourceIdentity');
    if (externalId !== undefined) context.trace(request).notes.push(`external id "${externalId}"`);
    if (caller.kind === 'root') {
      context.trace(request).notes.push("the caller is an account's root user");
      throw new AwsError('AccessDenied', 403, 'Roles may not be assumed by root accounts.');
    }
    const assumed = assumeRole(context, request, {
      ...role,
      principal: caller,
      tags: tags ?? [],
      transitiveTagKeys: transitiveTagKeys ?? [],
      externalId,
      sourceIdentity,
    });
    return assumedRoleResult(assumed);
  };
}

export function assumedRoleResult({ session, credentials, packedPolicySize }: AssumedRole): XmlStructure {
  return {
    SourceIdentity: session.context['aws:SourceIdentity'],
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      SessionToken: credentials.sessionToken,
      Expiration: timestamp(session.expiresAt),
    },
    PackedPolicySize: packedPolicySize,
  };
}

/** The maximum in STS API Reference, `DurationSeconds`. */
const DEFAULT_DURATION = 3600;

/** Reads the parameters of both AssumeRole operations. `invalidArn` creates the message for an invalid ARN. */
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
  const parsed = parseRoleArn(roleArn);
  if (parsed === undefined) throw validationError(invalidArn(roleArn));
  if (sessionPolicyArns.length > MAX_SESSION_POLICY_ARNS) {
    throw validationError(`At most ${MAX_SESSION_POLICY_ARNS} managed session policies can be passed.`);
  }
  return {
    roleArn,
    accountId: parsed.accountId,
    sessionName,
    durationSeconds,
    sessionPolicies: policy !== undefined ? [policy] : [],
    sessionPolicyArns,
  };
}
