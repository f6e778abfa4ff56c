import { createHash } from 'node:crypto';
import type { EksCluster, Role } from '../snapshot/aws.ts';

/** A statement of a policy (IAM JSON policy elements). */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly [member: string]: unknown;
}

const TAGGED = ['sts:AssumeRole', 'sts:TagSession'] as const;
/** Sids must be alphanumeric and unique in a policy (IAM User Guide, "IAM JSON policy elements: Sid"). */
const sidOf = (prefix: string, ...parts: readonly string[]): string =>
  prefix + createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);

function statementsOf(policy: string): readonly Statement[] {
  const { Statement: statements } = JSON.parse(policy) as { readonly Statement: Statement | readonly Statement[] };
  return [statements].flat();
}

export const withStatements = (policy: string, added: readonly Statement[]): string =>
  JSON.stringify({ ...(JSON.parse(policy) as object), Statement: [...statementsOf(policy), ...added] });

/** Trust for Pod Identity, as narrow as that of IRSA: one service account of one cluster. */
export const podStatement = (cluster: EksCluster, namespace: string, serviceAccount: string): Statement => ({
  Sid: sidOf('PodIdentity', cluster.arn, namespace, serviceAccount),
  Effect: 'Allow',
  Principal: { Service: 'pods.eks.amazonaws.com' },
  Action: TAGGED,
  Condition: {
    StringEquals: {
      'aws:SourceArn': cluster.arn,
      'aws:RequestTag/kubernetes-namespace': namespace,
      'aws:RequestTag/kubernetes-service-account': serviceAccount,
    },
  },
});

/** Trust for sessions of another role. Session tags are transitive, so that role must be allowed to pass them on. */
export const chainStatement = (roleArn: string, actions: readonly string[] = TAGGED): Statement => ({
  Sid: sidOf('PodIdentityChain', roleArn, ...actions),
  Effect: 'Allow',
  Principal: { AWS: roleArn },
  Action: actions,
});

export const permissionStatement = (
  resource: string | readonly string[],
  actions: readonly string[] = TAGGED,
): Statement => ({
  Effect: 'Allow',
  Action: actions,
  Resource: resource,
});

/** Returns the roles that a role's policies let it assume by ARN. */
export const chainedRoles = ({ policies = {} }: Role): readonly string[] => [
  ...new Set(
    Object.values(policies)
      .flatMap(statementsOf)
      .filter(
        ({ Effect, Action }) =>
          Effect === 'Allow' && [Action].flat().some((one) => /^sts:(assumerole|\*)$/i.test(String(one))),
      )
      .flatMap(({ Resource }) => [Resource].flat().map(String))
      .filter((arn) => /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(arn)),
  ),
];

/** A statement for IRSA that a migration makes needless. */
interface Obsolete {
  readonly statement: Statement;
  /** The statement without the migrated subjects; undefined if nothing is left of it. */
  readonly replacement?: Statement;
}

/**
 * Returns the statements for a cluster's provider that name the subjects. `kept` has those that also allow others by a wildcard
 * or without a condition, and are left as they are.
 */
export function obsoleteStatements(
  policy: string,
  issuer: string,
  subjects: readonly string[],
): { readonly obsolete: readonly Obsolete[]; readonly kept: readonly Statement[] } {
  const obsolete: Obsolete[] = [];
  const kept: Statement[] = [];
  for (const statement of statementsOf(policy)) {
    const federated = [(statement['Principal'] as Record<string, unknown> | undefined)?.['Federated']].flat();
    if (statement.Effect !== 'Allow' || !federated.some((arn) => String(arn).endsWith(`:oidc-provider/${issuer}`)))
      continue;
    const conditions = Object.entries((statement['Condition'] ?? {}) as Record<string, Record<string, unknown>>);
    const found = conditions.find(([, keys]) => `${issuer}:sub` in keys);
    const values = [found?.[1][`${issuer}:sub`] ?? []].flat().map(String);
    const isExact =
      found !== undefined && /^String(?:Equals|Like)$/.test(found[0]) && !values.some((one) => /[*?]/.test(one));
    if (federated.length > 1 || !isExact) {
      kept.push(statement);
      continue;
    }
    const others = values.filter((one) => !subjects.includes(one));
    if (others.length === values.length) continue;
    const [operator, keys] = found;
    const Condition = Object.fromEntries([
      ...conditions.filter(([name]) => name !== operator),
      [operator, { ...keys, [`${issuer}:sub`]: others }],
    ]);
    obsolete.push(others.length === 0 ? { statement } : { statement, replacement: { ...statement, Condition } });
  }
  return { obsolete, kept };
}
