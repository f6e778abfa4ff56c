import { STSClient } from '@aws-sdk/client-sts';
import { regionalEksAuth } from '../../clusters/eks/index.ts';
import { namePrefix } from '../../foundation/aws/tags.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import type { AccountAlias } from '../../foundation/protocols/aliases.ts';
import { callCounter } from '../../aws/call-counter.ts';
import { AWS_CAPABILITIES, unavailableOf } from './capabilities.ts';
import {
  awsClients,
  destroyClients,
  ec2Client,
  limitersOfAccount,
  type ClientOptions,
  type AwsClients,
} from '../../aws/clients.ts';
import { presignedClusterToken } from '../../aws/cluster-token.ts';
import { assumedRole, type AwsCredentials } from '../../aws/credentials.ts';
import { askEksAuth, openPodSession } from '../../aws/eks-auth.ts';
import { checkEnvironmentEndpoints, workloadEnvironment, type Endpoints } from '../../aws/endpoints.ts';
import {
  checkAccount,
  checkPartition,
  checkUser,
  findCredentials,
  findRegion,
  problem,
  whoAmI,
} from '../../aws/preflight.ts';
import { IamCanary, propagationIn } from './canary.ts';
import { BRIEF, FIRST } from '../../aws/retries.ts';
import { missingServices } from '../../aws/services.ts';
import type { AwsTarget } from './target.ts';
import { AWS_SERVICES } from '../../aws/service-names.ts';

export interface RealAwsOptions {
  readonly run: string;
  readonly tags: (region: string) => Readonly<Record<string, string>>;
  readonly region: string | undefined;
  readonly endpoints: Endpoints;
  readonly allowedAccounts: readonly string[];
  readonly otherAccountRole: string | undefined;
  readonly permissionsBoundary: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Connects to AWS or other endpoints with the SDK's default credentials, which it checks first. Throws `HarnessError` BAD_AWS
 * or BAD_FLAG_VALUE for mistakes of the user, and AWS_UNREACHABLE otherwise.
 */
export async function realAws(options: RealAwsOptions): Promise<AwsTarget & { readonly callerArn: string }> {
  const { endpoints, permissionsBoundary } = options;
  const elsewhere = Object.keys(endpoints).length > 0;
  const main = await mainAccount(options);
  const { region, credentials, counter, limiters } = main.client;
  const limiter = limiters['eks-auth'];
  const eksAuth = { region, credentials, counter, limiter, endpoint: endpoints['eks-auth'] ?? regionalEksAuth(region) };
  const missing = await missingServices(main.client, () => askEksAuth(eksAuth, namePrefix(options.run), 'no-token'));
  const other = await otherAccount(main, options);
  const { clients, clientsWith, close } = connectionsTo(main, other);
  const propagation =
    missing.has('iam') || missing.has('sts')
      ? undefined
      : propagationIn({
          main: canaryIn(main, options, permissionsBoundary),
          ...(other && { other: canaryIn(other, options) }),
        });
  const stsEndpoint = endpoints.sts ?? regionalSts(region);
  const unavailable = unavailableOf({
    services: missing,
    where: elsewhere ? `the AWS at ${[...new Set(Object.values(endpoints))].join(', ')}` : 'AWS',
    otherAccount: other !== undefined,
    permissionsBoundary,
  });
  if (endpoints.sts !== undefined) unavailable.set('sts-of-aws', `STS is at ${endpoints.sts}`);
  return {
    name: elsewhere ? 'endpoint' : 'aws',
    endpoints,
    services: AWS_SERVICES.filter((service) => !missing.has(service)),
    region,
    capabilities: new Set(AWS_CAPABILITIES.filter((name) => !unavailable.has(name))),
    unavailable,
    accountId: (alias) => (alias === 'main' ? main : other)?.accountId ?? '',
    clients,
    clientsWith,
    openPodSession: (clusterName, token, asker) =>
      openPodSession(
        asker === undefined ? eksAuth : { ...eksAuth, credentials: async () => asker },
        clusterName,
        token,
      ),
    ...(!missing.has('eks-auth') && {
      askEksAuth: async (clusterName: string, token: string) => {
        const { status: _status, ...answer } = await askEksAuth(eksAuth, clusterName, token);
        return answer;
      },
    }),
    workloadEnvironment: workloadEnvironment(endpoints),
    clusterToken: async (clusterName, given) =>
      presignedClusterToken(stsEndpoint, region, given ?? (await credentials()), clusterName),
    callerArn: main.arn,
    provisioning: { eks: main.clients.eks, iam: main.clients.iam, ec2: () => ec2Client(main.client) },
    controls: undefined,
    propagation,
    permissionsBoundary,
    callCounts: () => counter.counts(),
    close: async () => {
      try {
        await propagation?.close();
      } finally {
        close();
      }
    },
  };
}

interface Account {
  readonly accountId: string;
  readonly client: ClientOptions;
  readonly clients: AwsClients;
}

const isAws = (endpoints: Endpoints): boolean => AWS_SERVICES.some((service) => endpoints[service] === undefined);

async function mainAccount(options: RealAwsOptions): Promise<Account & { readonly arn: string }> {
  const { endpoints, environment, allowedAccounts } = options;
  if (isAws(endpoints)) checkEnvironmentEndpoints(endpoints, environment);
  const region = await findRegion(options.region, environment);
  const credentials = await findCredentials(region);
  const limiters = limitersOfAccount();
  const client: ClientOptions = { region, endpoints, credentials, counter: callCounter(), limiters };
  const { accountId, arn } = await whoAmI({ ...client, retries: endpoints.sts === undefined ? FIRST : BRIEF });
  checkAccount(accountId, allowedAccounts, isAws(endpoints));
  checkPartition(arn);
  checkUser(arn, isAws(endpoints));
  return { accountId, arn, client, clients: awsClients(client) };
}

/** Connects to the account of `--other-account-role` with credentials that are renewed. Throws `HarnessError`. */
async function otherAccount(main: Account, options: RealAwsOptions): Promise<Account | undefined> {
  const { otherAccountRole: roleArn, run, allowedAccounts, endpoints } = options;
  if (roleArn === undefined) return undefined;
  const accountId = /^arn:[\w-]+:iam::(\d{12}):role\/.+$/.exec(roleArn)?.[1];
  if (accountId === undefined)
    throw badFlagValue(
      `--other-account-role is "${roleArn}": give the ARN of a role, such as arn:aws:iam::444455556666:role/conformance.`,
    );
  const { sts } = main.clients;
  const credentials = assumedRole(sts, roleArn, `conformance-${run}`);
  try {
    await credentials();
  } catch (error) {
    sts.destroy();
    const { code, message } = problem(error);
    throw new HarnessError(code, `The role of --other-account-role cannot be assumed. ${message}`, { cause: error });
  }
  if (accountId === main.accountId)
    throw new HarnessError(
      'BAD_AWS',
      `--other-account-role is a role of the run's own account ${accountId}: give a role of another account.`,
    );
  checkAccount(accountId, allowedAccounts, isAws(endpoints), 'the other account');
  const client = { ...main.client, credentials, limiters: limitersOfAccount() };
  return { accountId, client, clients: awsClients(client) };
}

function connectionsTo(main: Account, other: Account | undefined) {
  const further: AwsClients[] = [];
  return {
    clients: (alias: AccountAlias): AwsClients => {
      const account = alias === 'main' ? main : other;
      if (account !== undefined) return account.clients;
      throw new HarnessError(
        'BAD_AWS',
        'This run has no second account: name a role in one with --other-account-role.',
      );
    },
    clientsWith: (given: AwsCredentials): AwsClients => {
      const made = awsClients({ ...main.client, credentials: async () => given });
      further.push(made);
      return made;
    },
    close: (): void => {
      for (const account of [main, other]) if (account !== undefined) destroyClients(account.clients);
      for (const clients of further) destroyClients(clients);
    },
  };
}

const canaryIn = (
  { accountId, client, clients }: Account,
  { run, tags, endpoints }: RealAwsOptions,
  permissionsBoundary?: string,
): IamCanary =>
  new IamCanary({
    clients,
    run,
    accountId,
    tags: tags(client.region),
    permissionsBoundary,
    // An emulator is a single process, and faster than AWS.
    ...(!isAws(endpoints) && { inARow: 1, boundSeconds: 30 }),
  });

function regionalSts(region: string): string {
  const sts = new STSClient({ region });
  const { url } = sts.config.endpointProvider({ Region: region, UseFIPS: false, UseDualStack: false });
  sts.destroy();
  return url.origin;
}
