import { createHash } from 'node:crypto';
import type { EksCluster } from '../snapshot/aws.ts';
import { POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';

/** A statement of a policy (IAM JSON policy elements). */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly [member: string]: unknown;
}

export const TAGGED = ['sts:AssumeRole', 'sts:TagSession'] as const;
/** Sids must be alphanumeric and unique in a policy (IAM User Guide, "IAM JSON policy elements: Sid"). */
export const sidOf = (prefix: string, ...parts: readonly string[]): string =>
  prefix + createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);

export function statementsOf(policy: string): readonly Statement[] {
  const { Statement: statements } = JSON.parse(policy) as { readonly Statement: Statement | readonly Statement[] };
  return [statements].flat();
}

export const withStatements = (policy: string, added: readonly Statement[]): string =>
  JSON.stringify({ ...(JSON.parse(policy) as object), Statement: [...statementsOf(policy), ...added] });

/** Trust for Pod Identity, as narrow as that of IRSA: one service account of one cluster. */
export const podStatement = (cluster: EksCluster, namespace: string, serviceAccount: string): Statement => ({
  Sid: sidOf('PodIdentity', cluster.arn, namespace, serviceAccount),
  Effect: 'Allow',
  Principal: { Service: POD_IDENTITY_SERVICE },
  Action: TAGGED,
  Condition: {
    StringEquals: {
      'aws:SourceArn': cluster.arn,
      'aws:RequestTag/kubernetes-namespace': namespace,
      'aws:RequestTag/kubernetes-service-account': serviceAccount,
    },
  },
});
