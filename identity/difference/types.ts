import type { AuthorizationInput, ConditionContext, Decision } from '../policy/index.ts';
import type { Organization } from '../organization.ts';
import type { Principal } from '../policy/principal.ts';

export interface NamedDocument {
  /** The name in explanations, such as `inline policy read on role app`. */
  readonly name: string;
  readonly document: string | object;
}

/** Policies that decide together. */
export interface PolicySet {
  readonly identityPolicies: readonly NamedDocument[];
  readonly permissionsBoundary?: NamedDocument | undefined;
  /** Undefined or empty: the session is not limited. */
  readonly sessionPolicies?: readonly NamedDocument[] | undefined;
  readonly resourcePolicy?: NamedDocument | undefined;
  readonly trustPolicy?: NamedDocument | undefined;
}

/** Callers that the compared policies are asked about. */
export interface PrincipalClass {
  readonly principal: Principal;
  /** `given` (default): identity, session and boundary policies of the set apply. `all`, `none`: what its own policies allow instead. */
  readonly permissions?: 'given' | 'all' | 'none';
  /** Keys of this principal with a known value, in addition to those of the comparison. */
  readonly context?: ConditionContext;
}

export interface Comparison {
  readonly before: PolicySet;
  readonly after: PolicySet;
  /**
   * Who makes the requests. If a resource or trust policy changes, the procedure adds the principals that the policies distinguish: roles,
   * sessions, users, ids, accounts, services, web identities and anonymous callers.
   */
  readonly principals: readonly PrincipalClass[];
  /** Whether to compare only the given principals. */
  readonly onlyPrincipals?: boolean;
  /** ARNs of roles whose sessions other comparisons are about. */
  readonly apart?: readonly string[];
  /** 12 digits. */
  readonly resourceAccount: string;
  /** Keys with a known value. All others are free within the rules of `key-rules.ts`. */
  readonly context?: ConditionContext | undefined;
  /** Keys that no request has. A key that ends with a slash or colon means all keys that begin with it and have no known value. */
  readonly absent?: readonly string[] | undefined;
  /** Its policies restrict callers and resources on both sides. Undefined: none does. */
  readonly organization?: Organization | undefined;
  /** Compares only requests for actions that match one of these patterns. */
  readonly actions?: readonly string[] | undefined;
  /** Compares only requests for resources that match one of these patterns, such as the ARNs of the bucket with the policy. */
  readonly resources?: readonly string[] | undefined;
}

/** A statement that is only in one of the two policy sets. `index` counts from 0. */
export interface ChangedStatement {
  readonly policy: string;
  readonly sid?: string | undefined;
  readonly index: number;
}

/** A question of `authorize` without the policies. */
export type ComparedRequest = Pick<
  AuthorizationInput,
  'principal' | 'action' | 'resource' | 'resourceAccount' | 'context'
>;

/** A request that `authorize` decides differently with the two policy sets. */
export interface RequestDifference {
  readonly request: ComparedRequest;
  readonly newly: 'allowed' | 'denied';
  readonly before: Decision;
  readonly after: Decision;
  readonly statement: ChangedStatement;
}

export type Difference =
  | {
      readonly kind: 'equivalent';
      /** The compared principals, actions and keys, in words. */
      readonly compared: string;
    }
  | {
      readonly kind: 'differs';
      /** At most one for each changed statement and direction. */
      readonly differences: readonly RequestDifference[];
      /** The undecided parts; empty if each changed statement was decided. */
      readonly limits: readonly string[];
    }
  | { readonly kind: 'not decided'; readonly limits: readonly string[] };
