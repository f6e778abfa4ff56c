import { POD_IDENTITY_SERVICE } from '../../../identity/pod-identity.ts';
import { AwsError } from '../../../foundation/aws/aws-error.ts';
import { compilePolicy } from '../../../identity/policy/index.ts';
import { parseRoleArn } from '../../sts/arns.ts';
import { passedRole, type EksCall } from '../call.ts';
import { invalidParameter } from '../errors.ts';
import { checkPattern, optionalBoolean, optionalString, requiredString } from '../input.ts';
import type { Association, Cluster, ServiceAccountKey } from '../../world/eks-model.ts';
import type { JsonObject } from '../../../foundation/node/json.ts';
import { trustsService } from '../roles.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const LONGEST_POLICY = 2048;

/** The members that an update can change. */
export type Grant = Pick<Association, 'roleArn' | 'targetRoleArn' | 'disableSessionTags' | 'policy'>;

/** Reads namespace and service account. They are names, not patterns, and need not exist. */
export function readSubject(body: JsonObject): ServiceAccountKey {
  const namespace = requiredString(body, 'namespace');
  checkPattern('namespace', namespace, LABEL, 'the name of a Kubernetes namespace');
  return { namespace, serviceAccount: readServiceAccount(body) };
}

export function readServiceAccount(body: JsonObject): string {
  const serviceAccount = requiredString(body, 'serviceAccount');
  checkPattern('serviceAccount', serviceAccount, SUBDOMAIN, 'the name of a Kubernetes service account');
  return serviceAccount;
}

/**
 * Reads the grant from a Create request, or from an Update request that changes `before`. Absent members keep their value; an empty string removes
 * the target role or the policy (undocumented). Throws `InvalidParameterException`.
 */
export function readGrant(body: JsonObject, before?: Grant): Grant {
  const roleArn = before === undefined ? requiredString(body, 'roleArn') : optionalString(body, 'roleArn');
  const grant = {
    roleArn: roleArn ?? before?.roleArn ?? '',
    targetRoleArn: changed(optionalString(body, 'targetRoleArn'), before?.targetRoleArn),
    disableSessionTags: optionalBoolean(body, 'disableSessionTags') ?? before?.disableSessionTags ?? false,
    policy: changed(optionalString(body, 'policy'), before?.policy),
  };
  if (grant.targetRoleArn !== undefined && parseRoleArn(grant.targetRoleArn) === undefined)
    throw invalidParameter('targetRoleArn is not the ARN of an IAM role.');
  if (grant.policy !== undefined) checkPolicy(grant.policy, grant.disableSessionTags);
  return grant;
}

/** Checks the base role. Throws `InvalidParameterException`, or `AccessDeniedException` without `iam:PassRole` or `iam:GetRole`. */
export function checkBaseRole(call: EksCall, cluster: Cluster, roleArn: string): void {
  const role = passedRole(call, 'roleArn', roleArn, POD_IDENTITY_SERVICE, cluster.arn);
  if (call.world.settings.associationChecksTrustPolicy && !trustsService(role, POD_IDENTITY_SERVICE))
    throw invalidParameter('Trust policy of the role provided is invalid');
}

function changed(value: string | undefined, before: string | undefined): string | undefined {
  if (value === undefined) return before;
  return value === '' ? undefined : value;
}

function checkPolicy(policy: string, disableSessionTags: boolean): void {
  if (!disableSessionTags) throw invalidParameter('policy can be used only when disableSessionTags is true.');
  if (policy.length > LONGEST_POLICY) throw invalidParameter(`policy must have at most ${LONGEST_POLICY} characters.`);
  try {
    compilePolicy(policy, { kind: 'session', name: 'policy of the association' });
  } catch (error) {
    if (error instanceof AwsError) throw invalidParameter(`policy is not valid: ${error.message}`);
    throw error;
  }
}
