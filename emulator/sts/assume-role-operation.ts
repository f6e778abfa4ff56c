import type { ServiceContext } from '../core/context.ts';
import { AwsError, missingAuthenticationToken } from '../core/errors.ts';
import type { QueryOperation } from '../query/protocol.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import { assumeRole, type AssumedRole } from './assume-role.ts';
import { roleParameters } from './parameters.ts';

/** AssumeRole (STS API Reference). MFA parameters are accepted and mean nothing: users have no devices here. */
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
    if (caller.kind === 'root') {
      context.trace(request).notes.push('the caller is the root of an account');
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

/** The members that the answers of both AssumeRole operations share. */
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
