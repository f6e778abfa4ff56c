import type { Principal } from './principal.ts';

/** What a policy is attached to, which determines its effect. */
export type PolicyKind = 'identity' | 'resource' | 'trust' | 'session' | 'boundary' | 'scp' | 'rcp';

/** A validated policy. Opaque outside the engine. */
export interface CompiledPolicy {
  readonly kind: PolicyKind;
  /** The name in explanations, such as `inline policy read on role app`. */
  readonly name: string;
  /** The original JSON text or object. */
  readonly document: string | object;
  readonly statements: readonly CompiledStatement[];
}

/** The policies of one type that are attached to the root, an organizational unit or an account. */
export interface OrganizationLevel {
  /** For example `OU Workloads`. */
  readonly name: string;
  readonly policies: readonly CompiledPolicy[];
}

/** Opaque outside the engine. */
export interface CompiledStatement {
  readonly sid: string | undefined;
  /** Counts from 0. */
  readonly index: number;
  readonly effect: 'Allow' | 'Deny';
}

/** Keys are case-insensitive. Absent keys have no entry. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

export interface AuthorizationInput {
  readonly principal: Principal;
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*` for actions without a resource. */
  readonly resource: string;
  /** 12 digits. */
  readonly resourceAccount: string;
  /**
   * The whole context, including `aws:PrincipalTag/…`. The engine adds keys of the principal and `aws:ResourceAccount`,
   * unless they are given here.
   */
  readonly context: ConditionContext;
  /** Fallbacks for keys missing in `context`, in this order. */
  readonly defaults?: readonly ConditionContext[];
  readonly identityPolicies: readonly CompiledPolicy[];
  readonly resourcePolicy?: CompiledPolicy | undefined;
  /** Replaces the resource policy if a role is assumed. */
  readonly trustPolicy?: CompiledPolicy | undefined;
  /** Policy and PolicyArns form one set, in which any policy may allow. Undefined without a session policy. */
  readonly sessionPolicies?: readonly CompiledPolicy[] | undefined;
  readonly permissionsBoundary?: CompiledPolicy | undefined;
  /** Service control policies from the root to the principal's account. Undefined: it is in no organization. */
  readonly scps?: readonly OrganizationLevel[] | undefined;
  /** Resource control policies from the root to the resource's account. Undefined: it is in no organization. */
  readonly rcps?: readonly OrganizationLevel[] | undefined;
  /** 12 digits. Organization policies restrict neither its principals nor its resources. */
  readonly managementAccount?: string | undefined;
}

/** `unknown`: only the policy of a KMS key, which is not given, can tell. */
export type DecisionValue = 'allowed' | 'implicitlyDenied' | 'explicitlyDenied' | 'unknown';

/** A decision without explanation. */
export interface Verdict {
  readonly value: DecisionValue;
  readonly deniedBy: PolicyKind | undefined;
  /** The level whose service control policies lack the required Allow. */
  readonly level?: string;
  /** The kind of policy whose Allow decided; `always` for the one action that needs no permission. */
  readonly allowedBy: 'identity' | 'resource' | 'trust' | 'root' | 'always' | undefined;
}

export interface ConditionExplanation {
  readonly operator: string;
  readonly key: string;
  /** Values with policy variables resolved. */
  readonly expected: readonly string[];
  /** Undefined for an absent key. */
  readonly actual: readonly string[] | undefined;
  readonly matched: boolean;
}

/** Undefined for parts that were not evaluated. */
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
  /** For example `not applied: aws:PrincipalTag/team is absent, StringEquals expects "blue"`. */
  readonly reason: string;
}

export interface Decision {
  /** The question, to decide it again with other policies. */
  readonly input: AuthorizationInput;
  readonly value: DecisionValue;
  /** The kind of policy with the Deny, or the first kind without a required Allow. Undefined if allowed or unknown. */
  readonly deniedBy: PolicyKind | undefined;
  /** Names the deciding statement, or the policies without a matching statement. */
  readonly reason: string;
  /** All statements in evaluation order. Computed on first access, because most callers do not need it. */
  readonly statements: readonly StatementExplanation[];
  /** The deciding statements. If nothing allows the request, the nearest one. */
  readonly deciding: readonly StatementExplanation[];
  /** All policies in evaluation order. */
  readonly policies: readonly CompiledPolicy[];
}
