import type { Principal } from '../../core/principal.ts';

/** What a policy is attached to, which decides how it counts in the evaluation. */
export type PolicyKind = 'identity' | 'resource' | 'trust' | 'session' | 'boundary';

/** A parsed and validated policy, ready to be evaluated many times. Its inside belongs to the engine. */
export interface CompiledPolicy {
  readonly kind: PolicyKind;
  /** A name for explanations: `inline policy read on role app`, `bucket policy of data`. */
  readonly name: string;
  /** As it was given: JSON text, or what that says. */
  readonly document: string | object;
  readonly statements: readonly CompiledStatement[];
}

/** Opaque outside the engine. */
export interface CompiledStatement {
  readonly sid: string | undefined;
  /** 0-based place in the document. */
  readonly index: number;
  readonly effect: 'Allow' | 'Deny';
}

/** Condition context: key -> value or values. Keys compare without regard to case. Absent keys are absent here. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

export interface AuthorizationInput {
  readonly principal: Principal;
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*` for actions without a resource. */
  readonly resource: string;
  /** Account that owns the resource, 12 digits. */
  readonly resourceAccount: string;
  /**
   * The whole context, `aws:PrincipalTag/…` and the like included. The engine itself adds only what it can derive from
   * the principal and the resource: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`,
   * `aws:username`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`, `aws:ResourceAccount`; a value given here wins over a derived one.
   */
  readonly context: ConditionContext;
  /** Where keys are looked up, in turn, that `context` lacks. */
  readonly defaults?: readonly ConditionContext[];
  readonly identityPolicies: readonly CompiledPolicy[];
  readonly resourcePolicy?: CompiledPolicy | undefined;
  /** Given when the question is about assuming a role; then it stands in the place of the resource policy. */
  readonly trustPolicy?: CompiledPolicy | undefined;
  /** Undefined: no session policy. Several (Policy and PolicyArns) are one set: any of them may allow. */
  readonly sessionPolicies?: readonly CompiledPolicy[] | undefined;
  readonly permissionsBoundary?: CompiledPolicy | undefined;
}

export type DecisionValue = 'allowed' | 'implicitlyDenied' | 'explicitlyDenied';

/** What was decided, before anybody asks why. */
export interface Verdict {
  readonly value: DecisionValue;
  readonly deniedBy: PolicyKind | undefined;
  /** Whose Allow counted; `always` for the one action that needs none. */
  readonly allowedBy: 'identity' | 'resource' | 'trust' | 'root' | 'always' | undefined;
}

/** One condition of a statement and how it came out. */
export interface ConditionExplanation {
  readonly operator: string;
  readonly key: string;
  /** The values of the policy, after policy variables were resolved. */
  readonly expected: readonly string[];
  /** The values of the request; undefined when the key is absent. */
  readonly actual: readonly string[] | undefined;
  readonly matched: boolean;
}

/** One statement and why it did or did not apply. Parts that were not reached are undefined. */
export interface StatementExplanation {
  readonly policy: string;
  readonly kind: PolicyKind;
  readonly sid: string | undefined;
  readonly index: number;
  readonly effect: 'Allow' | 'Deny';
  readonly applied: boolean;
  readonly principalMatched?: boolean;
  readonly actionMatched?: boolean;
  readonly resourceMatched?: boolean;
  readonly conditions: readonly ConditionExplanation[];
  /** One sentence: `not applied: aws:PrincipalTag/team is absent, StringEquals wants "blue"`. */
  readonly reason: string;
}

export interface Decision {
  readonly value: DecisionValue;
  /** The kind of policy that denied: the one with the Deny, or the first whose Allow was missing. Undefined if allowed. */
  readonly deniedBy: PolicyKind | undefined;
  /** One sentence that names the statement or says which policies were looked at and had no match. */
  readonly reason: string;
  /** Every statement of every policy, in the order evaluated. Computed when first read: the hot path needs it rarely. */
  readonly statements: readonly StatementExplanation[];
  /** Those of them that decided; where nothing allows, the one that comes nearest, if any does. */
  readonly deciding: readonly StatementExplanation[];
  /** The policies that were looked at, in the order evaluated. */
  readonly policies: readonly CompiledPolicy[];
}
