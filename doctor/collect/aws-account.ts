import type { Cluster } from '@aws-sdk/client-eks';
import { callCounter } from '../../aws/call-counter.ts';
import { awsClients, ec2Client, type ClientOptions, type Limiters } from '../../aws/clients.ts';
import type { CredentialsProvider } from '../../aws/credentials.ts';
import type { Endpoints } from '../../aws/endpoints.ts';
import { findCredentials, findRegion } from '../../aws/preflight.ts';
import { FIRST } from '../../aws/retries.ts';
import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { orAborted } from '../../foundation/node/aborted.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { AWS_CALLS, type AwsRight, type ReadClients } from './calls.ts';
import type { EksPlace } from './eks-place.ts';
import { INTERRUPTED, Unreadable, type Gaps } from './gaps.ts';

type Input<Right extends AwsRight> = Parameters<(typeof AWS_CALLS)[Right]>[1];
type Output<Right extends AwsRight> = Awaited<ReturnType<(typeof AWS_CALLS)[Right]>>;

/** Makes one of the reading calls. Throws `Unreadable`. */
export type AwsCall = <Right extends AwsRight>(right: Right, input: Input<Right>) => Promise<Output<Right>>;

export interface AwsAccount {
  readonly region: string;
  readonly accountId: string;
  readonly call: AwsCall;
  readonly cluster?: Cluster;
  readonly close: () => void;
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

/** Its gap means that nothing in AWS could be read. */
export const ANY_AWS = 'sts:GetCallerIdentity' satisfies AwsRight;

/**
 * Connects to the account of a context's cluster. Returns undefined after recording the reason as a gap. Throws
 * `ClusterError` CLUSTER_NOT_FOUND for a bad name in the options.
 */
export async function openAccount(
  place: EksPlace,
  options: AwsAccountOptions,
  gaps: Gaps,
): Promise<AwsAccount | undefined> {
  const { signal, environment } = options;
  let region: string;
  let credentials: CredentialsProvider;
  try {
    region = await findRegion(options.region ?? place.region, environment);
    credentials = options.credentials ?? (await orAborted(findCredentials(region, place.profile), signal));
  } catch (error) {
    if (!signal.aborted && !(error instanceof HarnessError)) throw error;
    gaps.add(ANY_AWS, signal.aborted ? INTERRUPTED : (error as Error).message);
    return undefined;
  }
  const { call, close } = clientsFor({ ...options, region, credentials }, gaps);
  try {
    const { Account: accountId = '' } = await call(ANY_AWS, {});
    if (place.accountId !== undefined && place.accountId !== accountId)
      throw new Unreadable(
        ANY_AWS,
        `the AWS credentials are of account ${accountId}, but the cluster is in account ${place.accountId}`,
        undefined,
      );
    const cluster = await findCluster(place, { ...options, region, accountId }, call, gaps);
    return { region, accountId, call, close, ...(cluster && { cluster }) };
  } catch (error) {
    close();
    if (!(error instanceof Unreadable)) throw error;
    const problem = error.reason === INTERRUPTED ? undefined : awsProblem(error.cause);
    gaps.add(error.right, problem?.sentence ?? error.reason);
    return undefined;
  }
}

function clientsFor(
  options: Omit<ClientOptions, 'counter' | 'retries'>,
  gaps: Gaps,
): { readonly call: AwsCall; readonly close: () => void } {
  const client: ClientOptions = { ...options, counter: callCounter(), retries: FIRST };
  const { eks, iam, sts } = awsClients(client);
  let ec2: ReturnType<ReadClients['ec2']> | undefined;
  const clients: ReadClients = { eks, iam, sts, ec2: () => (ec2 ??= ec2Client(client)) };
  return {
    call: (right, input) =>
      gaps.call(right, (abortSignal) => {
        const send = AWS_CALLS[right] as (...args: readonly unknown[]) => Promise<Output<typeof right>>;
        return send(clients, input, { abortSignal });
      }),
    close: () => {
      for (const one of [eks, iam, sts]) one.destroy();
      void ec2?.then((one) => one.destroy());
    },
  };
}

interface Search extends Pick<AwsAccountOptions, 'clusterName' | 'endpoints'> {
  readonly region: string;
  readonly accountId: string;
}

/**
 * Returns the cluster, or undefined if it is not EKS's or may not be described. Throws `Unreadable` if it is EKS's, but
 * not in this account and region, so that nothing in them is about it.
 */
async function findCluster(place: EksPlace, search: Search, call: AwsCall, gaps: Gaps): Promise<Cluster | undefined> {
  const where = `account ${search.accountId} in region ${search.region}`;
  const isHere = ({ endpoint = '' }: Cluster): boolean => new URL(endpoint).host === new URL(place.server).host;
  const describe = (name: string) => gaps.attempt(async () => (await call('eks:DescribeCluster', { name })).cluster);
  const elsewhere = (problem: string): Unreadable => new Unreadable('eks:DescribeCluster', problem, undefined);
  const name = search.clusterName ?? place.name;
  if (name !== undefined)
    try {
      const { cluster } = await call('eks:DescribeCluster', { name });
      if (search.clusterName !== undefined || !place.isEksHost || (cluster && isHere(cluster))) return cluster;
      throw elsewhere(`the cluster ${name} of ${where} has another endpoint than ${place.server}`);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      if (error.cause === undefined) throw error;
      if (!error.isMissing) {
        gaps.add(error.right, error.reason);
        return undefined;
      }
      if (search.clusterName === undefined) throw elsewhere(`${where} has no cluster ${name}`);
      throw new ClusterError(
        'CLUSTER_NOT_FOUND',
        `EKS has no cluster ${JSON.stringify(name)} in ${where}. Check --cluster-name, --region and the AWS credentials.`,
      );
    }
  if (!place.isEksHost && search.endpoints.eks === undefined) return undefined;
  const names = await gaps.attempt(() =>
    allPages(
      (nextToken) => call('eks:ListClusters', { nextToken }),
      ({ clusters }) => clusters,
    ),
  );
  if (names === undefined) gaps.add('eks:DescribeCluster', 'the name is unknown without eks:ListClusters');
  for (const one of names ?? []) {
    const cluster = await describe(one);
    if (cluster && isHere(cluster)) return cluster;
  }
  if (names !== undefined && place.isEksHost)
    throw elsewhere(`${where} has no cluster with the endpoint ${place.server}`);
  return undefined;
}

interface Page {
  readonly nextToken?: string | undefined;
  readonly Marker?: string | undefined;
  readonly NextToken?: string | undefined;
}

/** Returns the items of all pages. */
export async function allPages<Answer extends Page, Item>(
  read: (token: string | undefined) => Promise<Answer>,
  itemsOf: (page: Answer) => readonly Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    items.push(...(itemsOf(page) ?? []));
    token = page.nextToken ?? page.Marker ?? page.NextToken;
  } while (token !== undefined && token !== '');
  return items;
}
