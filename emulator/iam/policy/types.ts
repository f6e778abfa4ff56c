import type { Principal } from '../../core/principal.ts';

/** What a policy is attached to, which decides its effect. */
export type PolicyKind = 'identity' | 'resource' | 'trust' | 'session' | 'boundary';

/** A validated policy, opaque outside the engine. */
export interface CompiledPolicy {
  readonly kind: PolicyKind;
  /** For explanations, such as `inline policy read on role app`. */
  readonly name: string;
  /** As given: JSON text or object. */
  readonly document: string | object;
  readonly statements: readonly CompiledStatement[];
}

/** Opaque outside the engine. */
export interface CompiledStatement {
  readonly sid: string | undefined;
  /** 0-based. */
  readonly index: number;
  readonly effect: 'Allow' | 'Deny';
}

/** Keys are case-insensitive. Absent keys are missing here. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

export interface AuthorizationInput {
  readonly principal: Principal;
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*` for actions without a resource. */
  readonly resource: string;
  /** 12 digits. */
  readonly resourceAccount: string;
  /**
   * The whole context, `aws:PrincipalTag/…` included. The engine adds keys of the principal and `aws:ResourceAccount`;
   * values given here win.
   */
  readonly context: ConditionContext;
  /** Fallbacks for keys missing in `context`, in order. */
  readonly defaults?: readonly ConditionContext[];
  readonly identityPolicies: readonly CompiledPolicy[];
  readonly resourcePolicy?: CompiledPolicy | undefined;
  /** When a role is assumed: replaces the resource policy. */
  readonly trustPolicy?: CompiledPolicy | undefined;
  /** Several (Policy and PolicyArns) are one set: any may allow. Undefined: no session policy. */
  readonly sessionPolicies?: readonly CompiledPolicy[] | undefined;
  readonly permissionsBoundary?: CompiledPolicy | undefined;
}

export type DecisionValue = 'allowed' | 'implicitlyDenied' | 'explicitlyDenied';

/** A decision without explanation. */
export interface Verdict {
  readonly value: DecisionValue;
  readonly deniedBy: PolicyKind | undefined;
  /** The kind whose Allow counted; `always` for the one action that needs none. */
  readonly allowedBy: 'identity' | 'resource' | 'trust' | 'root' | 'always' | undefined;
}

export interface ConditionExplanation {
  readonly operator: string;
  readonly key: string;
  /** After policy variables were resolved. */
  readonly expected: readonly string[];
  /** Undefined for an absent key. */
  readonly actual: readonly string[] | undefined;
  readonly matched: boolean;
}

/** Parts that were not reached are undefined. */
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
  /** Such as `not applied: aws:PrincipalTag/team is absent, StringEquals wants "blue"`. */
  readonly reason: string;
}

export interface Decision {
  readonly value: DecisionValue;
  /** The kind with the Deny, or the first without a required Allow. Undefined if allowed. */
  readonly deniedBy: PolicyKind | undefined;
  /** Names the statement, or the policies without a match. */
  readonly reason: string;
  /** All statements in order of evaluation. Computed on first read: the hot path rarely needs it. */
  readonly statements: readonly StatementExplanation[];
  /** The deciding statements; if nothing allows, the nearest one. */
  readonly deciding: readonly StatementExplanation[];
  /** In order of evaluation. */
  readonly policies: readonly CompiledPolicy[];
}
