import type { PolicyDocument } from '../model.ts';
import { compilePolicy, type PolicyKind } from '../policy/index.ts';

/** Characters, white space not counted (IAM User Guide, "IAM and AWS STS quotas"). */
export const TRUST_POLICY_QUOTA = 2048;
export const MANAGED_POLICY_QUOTA = 6144;

export function policySize(text: string): number {
  return text.replace(/\s/g, '').length;
}

/** Throws `MalformedPolicyDocument` (400) when `text` is no policy of this kind. */
export function policyDocument(text: string, kind: PolicyKind, name: string): PolicyDocument {
  return { text, compiled: compilePolicy(text, { kind, name }) };
}
