import { STSClient } from '@aws-sdk/client-sts';
import { regionalEksAuth } from '../../clusters/eks/index.ts';
import { namePrefix } from '../../foundation/tags.ts';
import { HarnessError } from '../../foundation/errors.ts';
import type { AccountAlias } from '../scenario/policy.ts';
import { callCounter } from './call-counter.ts';
import { AWS_CAPABILITIES, lackingOf } from './capabilities.ts';
import {
  awsClients,
  destroyClients,
  ec2Client,
  eksClient,
  limitersOfAccount,
  stsClient,
  type ClientOptions,
} from './clients.ts';
import { presignedClusterToken } from './cluster-token.ts';
import { assumedRole } from './credentials.ts';
import { askEksAuth } from './eks-auth.ts';
import { checkEnvironmentEndpoints, workloadEnvironment, type Endpoints } from './endpoints.ts';
import { checkAccount, checkPartition, checkUser, findCredentials, findRegion, problem, whoAmI } from './preflight.ts';
import {
  iamPropagation,
  propagationIn,
  type IamPropagation,
  type IamPropagationOptions,
} from '../consistency/canary.ts';
import { BRIEF, FIRST } from './retries.ts';
import { missingServices, type MissingServices } from './services.ts';
import { AWS_SERVICES, type AwsClients, type AwsTarget } from './target.ts';

export interface RealAwsOptions {
  readonly run: string;
  /** Tags of all that the run makes in a region. */
  readonly tags: (region: string) => Readonly<Record<string, string>>;
  /** Of `--region`. */
  readonly region: string | undefined;
  /** Services that are elsewhere; all others are AWS' own. */
  readonly endpoints: Endpoints;
  /** Of `--allow-account`. */
  readonly allowedAccounts: readonly string[];
  /** Of `--other-account-role`. */
  readonly otherAccountRole: string | undefined;
  /** Of `--permissions-boundary`. */
  readonly permissionsBoundary: string | undefined;
  /** What clusters can do, none of which is there where EKS is not. */
  readonly clusterCapabilities?: ReadonlySet<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * AWS itself, or other endpoints, with the credentials of the SDK's default chain. Looks first whether it can be used at all,
 * and changes nothing. Throws `HarnessError`: BAD_AWS or BAD_FLAG_VALUE for what the user must set right, AWS_UNREACHABLE
 * where network or service fail.
 */
export async function realAws(options: RealAwsOptions): Promise<AwsTarget & { readonly callerArn: string }> {
  const { run, endpoints, allowedAccounts, otherAccountRole, permissionsBoundary, environment } = options;
  const { clusterCapabilities = new Set() } = options;
  const elsewhere = Object.keys(endpoints).length > 0;
  const isAws = Object.keys(endpoints).length < AWS_SERVICES.length;
  if (isAws) checkEnvironmentEndpoints(endpoints, environment);
  const region = await findRegion(options.region, environment);
  const credentials = await findCredentials(region);
  const counter = callCounter();
  const main: ClientOptions = { region, endpoints, credentials, counter, limiters: limitersOfAccount() };
  const { accountId, arn: callerArn } = await whoAmI({ ...main, retries: endpoints.sts === undefined ? FIRST : BRIEF });
  checkAccount(accountId, allowedAccounts, isAws);
  checkPartition(callerArn);
  checkUser(callerArn, isAws);
  const eksAuth = {
    ...{ region, credentials, counter, limiter: main.limiters['eks-auth'] },
    endpoint: endpoints['eks-auth'] ?? regionalEksAuth(region),
  };
  const missing = elsewhere
    ? await findMissing(main, () => askEksAuth(eksAuth, namePrefix(run), 'no-token'))
    : new Map();
  const other = otherAccountRole === undefined ? undefined : await otherAccount(main, otherAccountRole, run);
  if (other !== undefined) {
    if (other.accountId === accountId)
      throw new HarnessError(
        'BAD_AWS',
        `--other-account-role is a role of account ${accountId}, which is the run's own: give one of another account.`,
      );
    checkAccount(other.accountId, allowedAccounts, isAws, 'the other account');
  }
  const made = new Map<AccountAlias, AwsClients>();
  const ec2 = ec2Client(main);
  const further = new Set<{ destroy(): void }>([ec2]);
  const clients = (alias: AccountAlias): AwsClients => {
    const account = alias === 'main' ? main : other?.client;
    if (account === undefined)
      throw new HarnessError('BAD_AWS', 'There is no other account: give a role of one with --other-account-role.');
    const found = made.get(alias) ?? awsClients(account);
    made.set(alias, found);
    return found;
  };
  const canary = (of: Pick<IamPropagationOptions, 'clients' | 'accountId' | 'permissionsBoundary'>): IamPropagation =>
    iamPropagation({
      ...{ ...of, run, tags: options.tags(region) },
      // What plays AWS is a single process, and is not as slow.
      ...(!isAws && { inARow: 1, boundSeconds: 30 }),
    });
  const propagation =
    missing.has('iam') || missing.has('sts')
      ? undefined
      : propagationIn({
          main: canary({ clients: clients('main'), accountId, permissionsBoundary }),
          ...(other && { other: canary({ clients: clients('other'), accountId: other.accountId }) }),
        });
  const stsEndpoint = endpoints.sts ?? regionalSts(region);
  const where = elsewhere ? `the AWS at ${[...new Set(Object.values(endpoints))].join(', ')}` : 'AWS';
  const lacking = lackingOf({
    services: missing,
    where,
    otherAccount: other !== undefined,
    permissionsBoundary,
    clusterCapabilities,
  });
  return {
    name: elsewhere ? 'endpoint' : 'aws',
    endpoints,
    services: AWS_SERVICES.filter((service) => !missing.has(service)),
    region,
    capabilities: new Set(AWS_CAPABILITIES.filter((name) => !lacking.has(name))),
    lacking,
    accountId: (alias) => (alias === 'main' ? accountId : (other?.accountId ?? '')),
    clients,
    eksWith: (given) => {
      const client = eksClient({ ...main, credentials: async () => given });
      further.add(client);
      return client;
    },
    ...(!missing.has('eks-auth') && {
      askEksAuth: async (clusterName: string, token: string) => {
        const { status: _status, ...answer } = await askEksAuth(eksAuth, clusterName, token);
        return answer;
      },
    }),
    workloadEnvironment: workloadEnvironment(endpoints),
    clusterToken: async (clusterName) => presignedClusterToken(stsEndpoint, region, await credentials(), clusterName),
    callerArn,
    get provisioning() {
      const { eks, iam } = clients('main');
      return { eks, iam, ec2 };
    },
    controls: undefined,
    propagation,
    permissionsBoundary,
    callCounts: () => counter.counts(),
    close: async () => {
      try {
        await propagation?.close();
      } finally {
        for (const account of made.values()) destroyClients(account);
        for (const client of further) client.destroy();
        other?.sts.destroy();
      }
    },
  };
}

async function findMissing(
  main: ClientOptions,
  eksAuth: Parameters<typeof missingServices>[2],
): Promise<MissingServices> {
  const clients = awsClients({ ...main, retries: BRIEF });
  try {
    return await missingServices(main.endpoints, clients, eksAuth);
  } finally {
    destroyClients(clients);
  }
}

/** The account of `--other-account-role`, with credentials that are renewed. Throws `HarnessError` BAD_AWS. */
async function otherAccount(main: ClientOptions, roleArn: string, run: string) {
  const accountId = /^arn:[\w-]+:iam::(\d{12}):role\/.+$/.exec(roleArn)?.[1];
  if (accountId === undefined)
    throw new HarnessError(
      'BAD_FLAG_VALUE',
      `--other-account-role is "${roleArn}": give the ARN of a role, such as arn:aws:iam::444455556666:role/conformance.`,
    );
  const sts = stsClient(main);
  const credentials = assumedRole(sts, roleArn, `conformance-${run}`);
  try {
    await credentials();
  } catch (error) {
    sts.destroy();
    const { code, message } = problem(error);
    throw new HarnessError(code, `The role of --other-account-role cannot be assumed. ${message}`, { cause: error });
  }
  return { accountId, sts, client: { ...main, credentials, limiters: limitersOfAccount() } };
}

/** STS' address in a region, as the SDK has it for the region's partition. */
function regionalSts(region: string): string {
  const sts = new STSClient({ region });
  const { url } = sts.config.endpointProvider({ Region: region, UseFIPS: false, UseDualStack: false });
  sts.destroy();
  return url.origin;
}
