import type { Role, PolicyDocument } from '../iam/model.ts';
import { principalExists, principalsOf, unknownService } from '../world/principals.ts';
import type { IamCall } from './call.ts';
import { limitExceeded, malformedPolicy } from './errors.ts';
import { compilePolicy, type PolicyKind } from '../../identity/policy/index.ts';

/** Counts characters without white space (IAM User Guide, "IAM and AWS STS quotas"). */
const TRUST_POLICY_QUOTA = 2048;
export const MANAGED_POLICY_QUOTA = 6144;

export function policySize(text: string): number {
  return text.replace(/\s/g, '').length;
}

/** Throws `MalformedPolicyDocument` (400): managed policies need the current version of the language. */
export function checkManagedVersion(text: string): void {
  if ((JSON.parse(text) as { readonly Version?: unknown }).Version !== '2012-10-17')
    throw malformedPolicy('Policy document must be version 2012-10-17 or greater.');
}

/** Throws `MalformedPolicyDocument` (400). */
export function policyDocument(text: string, kind: PolicyKind, name: string): PolicyDocument {
  return { text, compiled: compilePolicy(text, { kind, name }) };
}

/**
 * Reads a trust policy. Throws `MalformedPolicyDocument` (400), also for principals that are unknown or too recent
 * (`delays.iam`), or `LimitExceeded` (409).
 */
export function readTrustPolicy(
  { context, request }: Pick<IamCall, 'context' | 'request'>,
  roleName: string,
  text: string,
): Pick<Role, 'trustPolicy' | 'trustPolicyText'> {
  const { compiled } = policyDocument(text, 'trust', `trust policy of role ${roleName}`);
  if (policySize(text) > TRUST_POLICY_QUOTA) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${TRUST_POLICY_QUOTA}`);
  }
  for (const principal of principalsOf(text)) {
    const { type, value } = principal;
    const problem = type === 'Service' ? unknownService(context.world, value) : undefined;
    if (problem !== undefined) context.trace(request).notes.push(problem);
    if (problem !== undefined || !principalExists(context.world, principal)) {
      throw malformedPolicy(`Invalid principal in policy: "${type.toUpperCase()}":"${value}"`);
    }
  }
  return { trustPolicyText: text, trustPolicy: compiled };
}
