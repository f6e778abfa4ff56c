import type { Cluster } from '@aws-sdk/client-eks';
import type { Limiters } from '../../aws/clients.ts';
import type { CredentialsProvider } from '../../aws/credentials.ts';
import type { Endpoints } from '../../aws/endpoints.ts';
import { findCredentials, findRegion, problem } from '../../aws/preflight.ts';
import { orAborted } from '../../foundation/node/aborted.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { HarnessError, isUsage } from '../../foundation/node/errors.ts';
import { allPages, awsReader, type AwsReader } from './aws-client.ts';
import { hostOf, type EksPlace } from './eks-place.ts';
import { INTERRUPTED, orNull, Unreadable, type Gaps } from './gaps.ts';

export interface AwsAccount extends AwsReader {
  readonly region: string;
  readonly accountId: string;
  readonly cluster?: Cluster;
}

export interface AwsAccountOptions {
  readonly clusterName?: string;
  readonly region?: string;
  readonly endpoints: Endpoints;
  readonly credentials?: CredentialsProvider;
  readonly environment: NodeJS.ProcessEnv;
  readonly limiters: Limiters;
  readonly signal: AbortSignal;
}

/** If this right is missing, nothing in AWS can be read. */
export const ANY_AWS = 'sts:GetCallerIdentity';

/**
 * Connects to the account of a context's cluster. Returns undefined after recording the reason as a gap. Throws
 * `ClusterError` CLUSTER_NOT_FOUND for a bad name in the options, and `HarnessError` BAD_AWS for credentials that do not work.
 */
export async function openAccount(
  place: EksPlace,
  options: AwsAccountOptions,
  gaps: Gaps,
): Promise<AwsAccount | undefined> {
  const { signal } = options;
  let reader: AwsReader | undefined;
  try {
    const region = await findRegion(options.region ?? place.region, options.environment);
    const credentials = options.credentials ?? (await orAborted(findCredentials(region, place.profile), signal));
    reader = await awsReader({ ...options, region, credentials }, gaps);
    const { Account: accountId = '' } = await reader.call(ANY_AWS, {});
    const account = { ...reader, region, accountId };
    const cluster = await gaps.attempt(() => findCluster(place, options, account));
    return cluster ? { ...account, cluster } : account;
  } catch (error) {
    reader?.close();
    if (signal.aborted) gaps.add(ANY_AWS, INTERRUPTED);
    else {
      const awsError = error instanceof Unreadable ? problem(error.cause) : error;
      if (!(awsError instanceof HarnessError) || isUsage(awsError.code)) throw awsError;
      gaps.add(ANY_AWS, awsError.message);
    }
    return undefined;
  }
}

/**
 * Returns the cluster, or undefined if it is not EKS's. Throws `Unreadable` if it may not be described, and
 * `HarnessError` if it is of another account or region, whose other objects must not be judged.
 */
async function findCluster(
  place: EksPlace,
  { clusterName, endpoints }: AwsAccountOptions,
  { accountId, region, call }: AwsAccount,
): Promise<Cluster | undefined> {
  const name = clusterName ?? place.name;
  const elsewhere = (what: string): HarnessError =>
    new HarnessError('BAD_AWS', `${what}. Use credentials of the cluster's account, and its region with --region.`);
  if (place.accountId !== undefined && place.accountId !== accountId)
    throw elsewhere(
      `The AWS credentials are of account ${accountId}, but the cluster is in account ${place.accountId}`,
    );
  if (name === undefined && !place.isEksHost && endpoints.eks === undefined) return undefined;
  const names =
    name === undefined
      ? await allPages(
          (nextToken) => call('eks:ListClusters', { nextToken }),
          ({ clusters }) => clusters,
        )
      : [name];
  for (const one of names) {
    const { cluster } = (await orNull(call('eks:DescribeCluster', { name: one }))) ?? {};
    const mayDiffer = clusterName !== undefined || (name !== undefined && !place.isEksHost);
    if (cluster && (mayDiffer || hostOf(cluster.endpoint) === place.host)) return cluster;
  }
  const where = `account ${accountId} in region ${region}`;
  if (clusterName !== undefined)
    throw new ClusterError(
      'CLUSTER_NOT_FOUND',
      `EKS has no cluster "${clusterName}" in ${where}. Check --cluster-name, --region and the AWS credentials.`,
    );
  if (name === undefined && !place.isEksHost) return undefined;
  throw elsewhere(
    `EKS of ${where} has no cluster ${name === undefined ? '' : `${name} `}with the endpoint ${place.host}`,
  );
}
