import {
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { callCounter } from '../../aws/call-counter.ts';
import {
  awsClients,
  destroyClients,
  limitersOfAccount,
  madeWhenUsed,
  type ClientOptions,
  type AwsClients,
} from '../../aws/clients.ts';
import { workloadEnvironment, type Endpoints } from '../../aws/endpoints.ts';
import { checkAccount, findCredentials, findRegion, whoAmI } from '../../aws/preflight.ts';
import type { RealAwsOptions } from './real.ts';
import { BRIEF } from '../../aws/retries.ts';
import { missingServices, TITLES, type MissingServices } from '../../aws/services.ts';
import type { AwsTarget } from './target.ts';
import { AWS_SERVICES, type AwsService } from '../../aws/service-names.ts';

export interface Foreign {
  readonly endpoints: Endpoints;
  readonly client: ClientOptions;
  readonly accountId: string | undefined;
  readonly missing: MissingServices;
}

type ForeignOptions = Pick<RealAwsOptions, 'endpoints' | 'region' | 'allowedAccounts' | 'environment'>;

/** Inspects the endpoints before the emulator starts, which uses the same account. Throws like `realAws`. */
export async function foreignServices(options: ForeignOptions): Promise<Foreign> {
  const { endpoints, environment, allowedAccounts } = options;
  const region = await findRegion(options.region, { AWS_DEFAULT_REGION: 'us-west-2', ...environment });
  const credentials = await findCredentials(region);
  const client: ClientOptions = {
    region,
    endpoints,
    credentials,
    counter: callCounter(),
    limiters: limitersOfAccount(),
  };
  const missing = await missingServices(client, async () => ({}));
  const usesGivenSts = endpoints.sts !== undefined && !missing.has('sts');
  const accountId = usesGivenSts ? (await whoAmI({ ...client, retries: BRIEF })).accountId : undefined;
  if (accountId !== undefined) checkAccount(accountId, allowedAccounts, false);
  return { endpoints, client, accountId, missing };
}

/**
 * Returns the harness's emulator with EKS and EKS Auth, and some of S3, IAM and STS at other endpoints. Credentials are only valid
 * on one side, so capabilities that need both sides are missing. `emulated` counts its calls together with those of
 * `foreign`. `reachable` turns a URL of this machine into the URL that pods use.
 */
export function hybridAws(emulated: AwsTarget, foreign: Foreign, reachable: (url: string) => string): AwsTarget {
  const { endpoints, client, missing } = foreign;
  const givenClients = awsClients(client);
  const here = emulated.clients('main');
  const isThere = (service: AwsService): boolean => endpoints[service] !== undefined;
  const divided = (emulatedClients: AwsClients, others: AwsClients): AwsClients =>
    madeWhenUsed({
      iam: () => (isThere('iam') ? others : emulatedClients).iam,
      s3: () => (isThere('s3') ? others : emulatedClients).s3,
      sts: () => (isThere('sts') ? others : emulatedClients).sts,
      eks: () => emulatedClients.eks,
    });
  const main = divided(here, givenClients);
  const unavailable = unavailableOfHybrid(endpoints, missing);
  return {
    ...emulated,
    name: 'endpoint',
    endpoints,
    services: AWS_SERVICES.filter((service) => !missing.has(service)),
    region: client.region,
    capabilities: new Set([...emulated.capabilities].filter((name) => !unavailable.has(name))),
    unavailable,
    clients: (alias) => (alias === 'main' ? main : emulated.clients(alias)),
    // EKS is always emulated, so credentials for it come from that side. Others come from the STS on the side of S3.
    clientsWith: (credentials) =>
      divided(emulated.clientsWith(credentials), awsClients({ ...client, credentials: async () => credentials })),
    provisioning: { eks: here.eks, iam: isThere('iam') ? withProvidersAt(here.iam, givenClients.iam) : here.iam },
    workloadEnvironment: { ...emulated.workloadEnvironment, ...workloadEnvironment(endpoints, reachable) },
    controls: undefined,
    close: async () => {
      destroyClients(givenClients);
      await emulated.close();
    },
  };
}

/** Returns the capabilities that are missing because services do not accept each other's credentials, with reasons. */
function unavailableOfHybrid(endpoints: Endpoints, missing: MissingServices): ReadonlyMap<string, string> {
  const taken = AWS_SERVICES.filter((service) => endpoints[service] !== undefined);
  const names = taken.map((service) => TITLES[service]).join(', ');
  const divided = `${names} ${taken.length === 1 ? 'is' : 'are'} elsewhere (--aws-endpoint)`;
  const reasonsFor = (...services: AwsService[]): string | undefined => {
    const why = services.flatMap((service) => missing.get(service) ?? []);
    return why.length > 0 ? why.join('; ') : undefined;
  };
  const isThere = (service: AwsService): boolean => endpoints[service] !== undefined;
  const unavailable = new Map<string, string>([
    ['pod-identity', `EKS Auth is the emulator's, and ${divided}: neither side accepts the credentials of the other`],
    ['imds', `nodes have roles of the emulator's IAM, and ${divided}`],
    ['node-role', `nodes have roles of the emulator's IAM, and ${divided}`],
    ['two-accounts', `the other account is the emulator's, and ${divided}`],
    ['virtual-clock', `the emulator's clock is not that of other endpoints, and ${divided}`],
    ['aws-disturbances', `only the emulator's services can be made to fail, and ${divided}`],
    ['call-record', `only the emulator keeps a record, and ${divided}`],
    ['policy-decisions', `only the emulator reports decisions about other services, and ${divided}`],
    ['request-context', `only the emulator's requests can be given condition keys, and ${divided}`],
    ['organization', `only the emulator's organization can be set, and ${divided}`],
    ['kms-keys', `only the emulator's S3 uses the keys of a scenario, and ${divided}`],
  ]);
  if (isThere('iam'))
    unavailable.set(
      'associations',
      `EKS is the emulator's, and ${divided}: it does not know the roles of the other IAM`,
    );
  const noIrsa =
    isThere('iam') && isThere('sts')
      ? reasonsFor('iam', 'sts')
      : `it requires IAM and STS on the same side, and ${divided}`;
  if (noIrsa !== undefined) unavailable.set('irsa', noIrsa);
  // Workloads only have credentials of this STS.
  const noS3 =
    isThere('s3') === isThere('sts') ? reasonsFor('s3') : `S3 does not accept the credentials of STS, and ${divided}`;
  if (noS3 !== undefined) unavailable.set('s3', noS3);
  return unavailable;
}

/** Sends OIDC providers to the IAM that STS uses. Roles of clusters and nodes stay with the emulator's EKS. */
function withProvidersAt(emulator: IAMClient, stsOwner: IAMClient): IAMClient {
  const send = (command: Parameters<IAMClient['send']>[0]): unknown =>
    (command instanceof CreateOpenIDConnectProviderCommand || command instanceof DeleteOpenIDConnectProviderCommand
      ? stsOwner
      : emulator
    ).send(command);
  return Object.create(emulator, { send: { value: send } }) as IAMClient;
}
