import type { AccountAlias, ClusterAlias } from '../../foundation/protocols/aliases.ts';
/** Builders of the IAM parts of a scenario: permission statements, trust statements and roles. */

/** Condition block of a statement: operator -> key -> value or values. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** A statement of a permission policy. Resources may be short: see `allow`. */
export interface PermissionStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Conditions;
  /** Principal of a bucket policy's statement: `*`, or names in angle brackets such as `<role:app>`. */
  readonly principal?: string | readonly string[];
}

type OneOrMore = string | readonly string[];

const list = (value: OneOrMore): readonly string[] => (typeof value === 'string' ? [value] : value);

function statementOf(effect: PermissionStatement['effect']) {
  return (actions: OneOrMore, resources: OneOrMore, conditions?: Conditions): PermissionStatement => ({
    effect,
    actions: list(actions),
    resources: list(resources),
    ...(conditions && { conditions }),
  });
}

/** Returns an Allow statement. A resource is an ARN, `*`, or short for S3: `data/red/*` (objects), `data` (bucket). */
export const allow = statementOf('Allow');
/** Returns a Deny statement. Arguments as for `allow`. */
export const deny = statementOf('Deny');

/** Adds principals to a statement, for a bucket policy. */
export function forPrincipal(principal: OneOrMore, statement: PermissionStatement): PermissionStatement {
  return { ...statement, principal };
}

/** A complete policy document: an object, or the text of a file (`policyFile`). */
export interface RawPolicy {
  readonly document: Readonly<Record<string, unknown>>;
  /** The file. */
  readonly from: string;
  /** The resource within the file, if it is not the policy itself: an address of Terraform, or a logical id. */
  readonly address?: string;
}

export interface TrustStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly principal: Readonly<Record<string, OneOrMore>>;
  readonly conditions?: Conditions;
}

interface TrustOptions {
  readonly actions?: readonly string[];
  readonly conditions?: Conditions;
}

const trust = (
  principal: TrustStatement['principal'],
  { actions = ['sts:AssumeRole', 'sts:TagSession'], conditions }: TrustOptions,
): TrustStatement => ({ effect: 'Allow', actions, principal, ...(conditions && { conditions }) });

/**
 * Trusts `pods.eks.amazonaws.com` (EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity").
 * `actions` default to the two that it needs.
 */
export const trustPodIdentity = (options: TrustOptions = {}): TrustStatement =>
  trust({ Service: 'pods.eks.amazonaws.com' }, options);

/**
 * Trusts a cluster's OIDC provider (EKS User Guide, "Assign IAM roles to Kubernetes service accounts"). `subject` is
 * `<namespace>/<service account>` in the scenario's short names; null omits the `sub` condition.
 */
export function trustWebIdentity(options: {
  readonly cluster?: ClusterAlias;
  /** Account of the provider. Default: the clusters' own, `main`. */
  readonly account?: AccountAlias;
  readonly subject: string | null;
  /** Default `sts.amazonaws.com`; null omits the `aud` condition. */
  readonly audience?: string | null;
  /** Operator of the `sub` condition. Default `StringEquals`. */
  readonly operator?: string;
}): TrustStatement {
  const cluster = options.cluster ?? 'c1';
  const audience = options.audience === undefined ? 'sts.amazonaws.com' : options.audience;
  const conditions: Record<string, Record<string, string>> = {};
  if (audience !== null) conditions['StringEquals'] = { [`<issuer:${cluster}>:aud`]: audience };
  if (options.subject !== null) {
    const slash = options.subject.indexOf('/');
    const sub = `system:serviceaccount:<namespace:${options.subject.slice(0, slash)}>:${options.subject.slice(slash + 1)}`;
    const operator = options.operator ?? 'StringEquals';
    conditions[operator] = { ...conditions[operator], [`<issuer:${cluster}>:sub`]: sub };
  }
  return {
    effect: 'Allow',
    actions: ['sts:AssumeRoleWithWebIdentity'],
    principal: {
      Federated:
        (options.account ?? 'main') === 'main'
          ? `<provider-arn:${cluster}>`
          : `arn:aws:iam::<account:${options.account}>:oidc-provider/<issuer:${cluster}>`,
    },
    ...(Object.keys(conditions).length > 0 && { conditions }),
  };
}

/** Trusts another role of the scenario. */
export const trustRole = (role: string, options: TrustOptions = {}): TrustStatement =>
  trust({ AWS: `<role:${role}>` }, options);

/** Trusts a service principal, such as `ec2.amazonaws.com`. */
export const trustService = (service: string): TrustStatement =>
  trust({ Service: service }, { actions: ['sts:AssumeRole'] });

export type { AccountAlias, ClusterAlias } from '../../foundation/protocols/aliases.ts';

export interface RoleSpec {
  readonly trust: readonly TrustStatement[] | RawPolicy;
  readonly permissions?: readonly PermissionStatement[] | RawPolicy;
  readonly boundary?: readonly PermissionStatement[] | RawPolicy;
  /** A customer managed policy that is attached in addition to `permissions`. */
  readonly attached?: readonly PermissionStatement[] | RawPolicy;
  readonly tags?: Readonly<Record<string, string>>;
  /** Seconds, 3600 to 43200. */
  readonly maxSessionDuration?: number;
  /** IAM path, such as `/conformance-apps/red/`; it must be below `/conformance-…/`. Default `/`. */
  readonly path?: string;
  readonly account?: AccountAlias;
}

/** Returns a role that Pod Identity can assume, with these permissions. */
export function podIdentityRole(...permissions: readonly PermissionStatement[]): RoleSpec {
  return { trust: [trustPodIdentity()], permissions };
}

/** Returns a role that the pods of `subject` (`<namespace>/<service account>`) can assume by web identity. */
export function irsaRole(subject: string, ...permissions: readonly PermissionStatement[]): RoleSpec {
  return { trust: [trustWebIdentity({ subject })], permissions };
}
