/** Builders of the IAM parts of a scenario: permission statements, trust statements and roles. */
import {
  account,
  anything,
  choice,
  cluster,
  list,
  matching,
  object,
  oneOrMore,
  opt,
  orNull,
  record,
  text,
  textMap,
  texts,
  union,
  whole,
  type Infer,
  type Schema,
} from './form.ts';
import { checked } from './misfit.ts';

const conditions = record(record(oneOrMore, 'values by key'), 'keys by operator');
/** Condition block of a statement: operator -> key -> value or values. */
export type Conditions = Infer<typeof conditions>;

const permissionStatement = object({
  effect: choice('Allow', 'Deny'),
  actions: texts,
  resources: texts,
  conditions: opt(conditions),
  /** Principal of a bucket policy's statement: `*`, or names in angle brackets such as `<role:app>`. */
  principal: opt(oneOrMore),
});
/** A statement of a permission policy. Resources may be short: see `allow`. */
export type PermissionStatement = Infer<typeof permissionStatement>;

const trustStatement = object({
  effect: choice('Allow', 'Deny'),
  actions: texts,
  principal: record(oneOrMore, 'an object such as { Service: "pods.eks.amazonaws.com" }'),
  conditions: opt(conditions),
});
export type TrustStatement = Infer<typeof trustStatement>;

const principalElement = union([text, record(oneOrMore)], 'a string or an object');
/** A statement as in IAM's JSON. Its ARNs are complete. */
const statementElement = object({
  Sid: opt(text),
  Effect: choice('Allow', 'Deny'),
  Principal: opt(principalElement),
  NotPrincipal: opt(principalElement),
  Action: opt(oneOrMore),
  NotAction: opt(oneOrMore),
  Resource: opt(oneOrMore),
  NotResource: opt(oneOrMore),
  Condition: opt(record(record(anything))),
});

const statementsOf = <T>(statement: Schema<T>) => list(union([statement, statementElement], 'a statement'));
export const permissionStatements = statementsOf(permissionStatement);
export type PermissionStatements = Infer<typeof permissionStatements>;

/** Returns the schema of a policy: a statement, a list of statements, or a whole document. */
const policyOf = <T>(statement: Schema<T>) =>
  union(
    [
      statementsOf(statement),
      statement,
      statementElement,
      object({
        Version: opt(choice('2012-10-17', '2008-10-17')),
        Id: opt(text),
        Statement: union([list(statementElement), statementElement]),
      }),
      /** A complete document of `policyFile`. */
      object({ document: record(anything), from: text, address: opt(text) }),
    ],
    'a statement, a list of statements or a policy document',
  );
export const permissionPolicy = policyOf(permissionStatement);
export const trustPolicy = policyOf(trustStatement);
export type PermissionPolicy = Infer<typeof permissionPolicy>;
export type TrustPolicy = Infer<typeof trustPolicy>;
export type Statement = PermissionStatement | TrustStatement | Infer<typeof statementElement>;

type OneOrMore = string | readonly string[];

const listed = (value: OneOrMore): readonly string[] => (typeof value === 'string' ? [value] : value);

function statementOf(effect: PermissionStatement['effect']) {
  return (actions: OneOrMore, resources: OneOrMore, conditions?: Conditions): PermissionStatement => ({
    effect,
    actions: listed(actions),
    resources: listed(resources),
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

const trustOptions = object({ actions: opt(texts), conditions: opt(conditions) });
type TrustOptions = Infer<typeof trustOptions>;

const trust = (
  principal: TrustStatement['principal'],
  { actions = ['sts:AssumeRole', 'sts:TagSession'], conditions }: TrustOptions,
): TrustStatement => ({ effect: 'Allow', actions, principal, ...(conditions && { conditions }) });

/**
 * Trusts `pods.eks.amazonaws.com` (EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity").
 * `actions` default to the two that it needs.
 */
export const trustPodIdentity = (options: TrustOptions = {}): TrustStatement =>
  trust({ Service: 'pods.eks.amazonaws.com' }, checked('trustPodIdentity', trustOptions, options));

const webIdentityOptions = object({
  cluster: opt(cluster),
  /** Account of the provider. Default: the clusters' own, `main`. */
  account: opt(account),
  subject: orNull(matching(/^[^/]+\/[^/]+$/, '"<namespace>/<service account>" or null')),
  /** Default `sts.amazonaws.com`; null omits the `aud` condition. */
  audience: opt(orNull(text)),
  /** Operator of the `sub` condition. Default `StringEquals`. */
  operator: opt(text),
});

/**
 * Trusts a cluster's OIDC provider (EKS User Guide, "Assign IAM roles to Kubernetes service accounts"). `subject` is
 * `<namespace>/<service account>` in the scenario's short names; null omits the `sub` condition.
 */
export function trustWebIdentity(given: Infer<typeof webIdentityOptions>): TrustStatement {
  const options = checked('trustWebIdentity', webIdentityOptions, given);
  const alias = options.cluster ?? 'c1';
  const audience = options.audience === undefined ? 'sts.amazonaws.com' : options.audience;
  const required: Record<string, Record<string, string>> = {};
  if (audience !== null) required['StringEquals'] = { [`<issuer:${alias}>:aud`]: audience };
  if (options.subject !== null) {
    const slash = options.subject.indexOf('/');
    const sub = `system:serviceaccount:<namespace:${options.subject.slice(0, slash)}>:${options.subject.slice(slash + 1)}`;
    const operator = options.operator ?? 'StringEquals';
    required[operator] = { ...required[operator], [`<issuer:${alias}>:sub`]: sub };
  }
  return {
    effect: 'Allow',
    actions: ['sts:AssumeRoleWithWebIdentity'],
    principal: {
      Federated:
        (options.account ?? 'main') === 'main'
          ? `<provider-arn:${alias}>`
          : `arn:aws:iam::<account:${options.account}>:oidc-provider/<issuer:${alias}>`,
    },
    ...(Object.keys(required).length > 0 && { conditions: required }),
  };
}

/** Trusts another role of the scenario. */
export const trustRole = (role: string, options: TrustOptions = {}): TrustStatement =>
  trust({ AWS: `<role:${role}>` }, checked('trustRole', trustOptions, options));

/** Trusts a service principal, such as `ec2.amazonaws.com`. */
export const trustService = (service: string): TrustStatement =>
  trust({ Service: service }, { actions: ['sts:AssumeRole'] });

export type { AccountAlias, ClusterAlias } from '../../foundation/protocols/aliases.ts';

export const role = object({
  trust: trustPolicy,
  permissions: opt(permissionPolicy),
  boundary: opt(permissionPolicy),
  /** A customer managed policy that is attached in addition to `permissions`. */
  attached: opt(permissionPolicy),
  tags: opt(textMap),
  /** Seconds, 3600 to 43200. */
  maxSessionDuration: opt(whole(0, 43_200)),
  /** IAM path, such as `/conformance-apps/red/`; it must be below `/conformance-…/`. Default `/`. */
  path: opt(text),
  account: opt(account),
});
export type RoleSpec = Infer<typeof role>;

/** Returns a role that Pod Identity can assume, with these permissions. */
export function podIdentityRole(...permissions: readonly PermissionStatement[]): RoleSpec {
  return { trust: [trustPodIdentity()], permissions };
}

/** Returns a role that the pods of `subject` (`<namespace>/<service account>`) can assume by web identity. */
export function irsaRole(subject: string, ...permissions: readonly PermissionStatement[]): RoleSpec {
  return { trust: [trustWebIdentity({ subject })], permissions };
}
