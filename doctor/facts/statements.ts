import { createHash } from 'node:crypto';
import type { EksCluster } from '../snapshot/aws.ts';
import { POD_IDENTITY_STATEMENT } from '../../identity/trust.ts';

/** A statement of a policy (IAM JSON policy elements). */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly [member: string]: unknown;
}

export const TAGGED = POD_IDENTITY_STATEMENT.Action;
/** Sids must be alphanumeric and unique in a policy (IAM User Guide, "IAM JSON policy elements: Sid"). */
export const sidOf = (prefix: string, ...parts: readonly string[]): string =>
  prefix + createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);

export function statementsOf(policy: string): readonly Statement[] {
  const { Statement: statements } = JSON.parse(policy) as { readonly Statement: Statement | readonly Statement[] };
  return [statements].flat();
}

export const withStatements = (policy: string, added: readonly Statement[]): string =>
  JSON.stringify({ ...(JSON.parse(policy) as object), Statement: [...statementsOf(policy), ...added] });

/** Returns trust for Pod Identity, as narrow as that of IRSA: for one service account of one cluster. Without session tags, it is for one cluster. */
export const podStatement = (
  cluster: EksCluster,
  namespace: string,
  serviceAccount: string,
  hasTags = true,
): Statement => ({
  Sid: sidOf('PodIdentity', cluster.arn, namespace, serviceAccount),
  ...POD_IDENTITY_STATEMENT,
  Action: hasTags ? TAGGED : TAGGED[0],
  Condition: {
    StringEquals: {
      'aws:SourceArn': cluster.arn,
      ...(hasTags && {
        'aws:RequestTag/kubernetes-namespace': namespace,
        'aws:RequestTag/kubernetes-service-account': serviceAccount,
      }),
    },
  },
});

/** Returns trust for sessions of another role. Session tags are transitive, so that role must be allowed to pass them on. */
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

const DEAD = /^A(?:RO|ID)A[A-Z0-9]{12,}$/;
const principalsOf = ({ Principal }: Statement): readonly string[] =>
  [(Principal as Record<string, unknown> | undefined)?.['AWS'] ?? []].flat().map(String);

/** Returns the ids of deleted roles and users, which IAM writes instead of their ARNs (IAM User Guide, "Principal"). */
export const deadPrincipals = (trustPolicy: string): readonly string[] =>
  statementsOf(trustPolicy)
    .flatMap(principalsOf)
    .filter((one) => DEAD.test(one));

/** Adds statements to a trust policy, and removes dead principals, with which IAM accepts no update. */
export function withTrust(trustPolicy: string, added: readonly Statement[]): string {
  const kept = statementsOf(trustPolicy).flatMap((statement) => {
    const alive = principalsOf(statement).filter((one) => !DEAD.test(one));
    if (alive.length === principalsOf(statement).length) return [statement];
    return alive.length === 0
      ? []
      : [{ ...statement, Principal: { ...(statement['Principal'] as object), AWS: alive } }];
  });
  return JSON.stringify({ ...(JSON.parse(trustPolicy) as object), Statement: [...kept, ...added] });
}
