import type { Pod, ServiceAccount } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { tokenSubject } from '../../identity/web-identity.ts';
import { nearName } from './near-name.ts';

/** EKS User Guide, "Assign IAM roles to Kubernetes service accounts". */
export const ROLE_ANNOTATION = 'eks.amazonaws.com/role-arn';
const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/[\w+=,.@/-]+$/;

/** A service account that IRSA applies to. */
export interface AnnotatedAccount {
  readonly account: ServiceAccount;
  readonly roleArn: string;
  /** The audience of its tokens. */
  readonly audience: string;
  readonly pods: readonly Pod[];
}

export const roleAnnotation = ({ metadata }: ServiceAccount): string | undefined =>
  metadata.annotations?.[ROLE_ANNOTATION];

/** Returns the partition and the account of a role's ARN; undefined for another text. */
export function parseRoleArn(arn: string): { readonly partition: string; readonly account: string } | undefined {
  const [, partition, account] = ROLE_ARN.exec(arn) ?? [];
  return partition === undefined || account === undefined ? undefined : { partition, account };
}

/** Whether a role is in the cluster's partition. True if the cluster's is unknown. */
export const hasClusterPartition = (facts: ClusterFacts, arn: string): boolean =>
  !facts.isEks || parseRoleArn(arn)?.partition === facts.partition;

/** Returns the service accounts with a valid role and without an association, which would win. */
export const annotatedAccounts = (facts: ClusterFacts): readonly AnnotatedAccount[] =>
  (facts.snapshot.kubernetes.serviceAccounts ?? []).flatMap((account) => {
    const { namespace, name, annotations } = account.metadata;
    const roleArn = roleAnnotation(account);
    if (roleArn === undefined || parseRoleArn(roleArn) === undefined || !hasClusterPartition(facts, roleArn)) return [];
    if (facts.association(namespace, name)) return [];
    const audience = annotations?.['eks.amazonaws.com/audience'] ?? AUDIENCE;
    return [{ account, roleArn, audience, pods: facts.podsOf(namespace, name) }];
  });

/** Returns the ARN of the cluster's IAM OIDC provider in the account of a role, which need not exist. */
export const providerArnFor = (roleArn: string, issuer: string): string => {
  const { partition, account } = parseRoleArn(roleArn) ?? { partition: 'aws', account: '' };
  return `arn:${partition}:iam::${account}:oidc-provider/${issuer}`;
};

/** Returns annotated service accounts whose role is in the cluster's account, so that its OIDC providers are known. */
export const accountsOfOwnAccount = (facts: ClusterFacts): readonly AnnotatedAccount[] =>
  annotatedAccounts(facts).filter(({ roleArn }) => parseRoleArn(roleArn)?.account === facts.snapshot.aws?.accountId);

/** Returns the ARN of a provider with the IPv6 host of EKS's issuers, which no token has as its issuer. */
export function dualStackProvider({ snapshot, issuer }: ClusterFacts): string | undefined {
  const id = issuer?.split('/').at(-1);
  if (id === undefined || id === '') return undefined;
  return snapshot.aws?.oidcProviders?.find(
    ({ url }) => /^oidc-eks\..*\.api\.aws\//.test(url) && url.endsWith(`/id/${id}`),
  )?.arn;
}

/** The default audience of web identity tokens. */
export const AUDIENCE = 'sts.amazonaws.com';

/** Returns the provider's audience that an annotation probably means; undefined if it is right, or the provider's may be wrong. */
export const misspeltAudience = ({ provider }: ClusterFacts, audience: string): string | undefined =>
  audience === AUDIENCE || provider?.clientIds.includes(audience)
    ? undefined
    : nearName(audience, provider?.clientIds ?? []);

/** Says what the account of a role must have and trust for IRSA; undefined for a role of the cluster's account, or one that was read. */
export function foreignDemand(
  facts: ClusterFacts,
  { account, roleArn, audience }: AnnotatedAccount,
): string | undefined {
  const { accountId } = facts.snapshot.aws ?? {};
  const owner = parseRoleArn(roleArn)?.account;
  if (!accountId || owner === accountId || facts.issuer === undefined || facts.role(roleArn) !== undefined)
    return undefined;
  const { namespace = 'default', name: serviceAccount } = account.metadata;
  const role = roleArn.split('/').at(-1);
  return `Account ${owner} owns role ${role}. It needs an IAM OIDC provider for ${facts.issuer} with the audience ${audience}, and the trust policy must allow sts:AssumeRoleWithWebIdentity for that provider with :sub ${tokenSubject({ namespace, serviceAccount })}.`;
}
