import type { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type { AwsClient, CallCounter } from './call-counter.ts';
import type { CredentialsProvider } from './credentials.ts';
import type { Endpoints } from './endpoints.ts';
import { CALLS_PER_SECOND, limit, RateLimiter } from './rate-limiter.ts';
import { PATIENT, retriesWithin, type RetryBounds } from './retries.ts';
import { AWS_SERVICES, type AwsService } from './service-names.ts';

export interface AwsClients {
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly sts: STSClient;
  readonly eks: EKSClient;
}

export type Limiters = Readonly<Record<AwsService, RateLimiter>>;

export const limitersOfAccount = (): Limiters =>
  Object.fromEntries(
    AWS_SERVICES.map((service) => [service, new RateLimiter(CALLS_PER_SECOND[service])]),
  ) as unknown as Limiters;

export interface ClientOptions {
  readonly region: string;
  readonly endpoints: Endpoints;
  readonly credentials: CredentialsProvider;
  readonly counter: CallCounter;
  readonly limiters: Limiters;
  /** Limits of retries. Default: `PATIENT`. */
  readonly retries?: RetryBounds;
}

const SOCKETS = 128;
/** Timeouts of an attempt, in milliseconds: for the connection and for the whole call. */
const CONNECTING_MILLISECONDS = 5000;
const CALL_MILLISECONDS = 30_000;

/** Creates the clients, for AWS or other endpoints, with call counting, rate limits and retries. */
export function awsClients(options: ClientOptions): AwsClients {
  const s3 = { ...configurationOf('s3', options), forcePathStyle: options.endpoints.s3 !== undefined };
  return madeWhenUsed({
    iam: () => attended('iam', new IAMClient(configurationOf('iam', options)), options),
    s3: () => attended('s3', new S3Client(s3), options),
    sts: () => stsClient(options),
    eks: () => attended('eks', new EKSClient(configurationOf('eks', options)), options),
  });
}

/** Creates each client on first use, because many callers use only one. */
export function madeWhenUsed(make: { readonly [Service in keyof AwsClients]: () => AwsClients[Service] }): AwsClients {
  const clients = {} as AwsClients;
  for (const [service, makeOne] of Object.entries(make)) {
    let made: AwsClients[keyof AwsClients] | undefined;
    Object.defineProperty(clients, service, { enumerable: true, get: () => (made ??= makeOne()) });
  }
  return clients;
}

/** Creates an EC2 client, with the endpoint of EKS by default, and the rate limit of EKS. EC2's SDK is large, so only this loads it. */
export async function ec2Client(options: ClientOptions): Promise<EC2Client> {
  const { EC2Client } = await import('@aws-sdk/client-ec2');
  return attended(
    'ec2',
    new EC2Client(configurationOf(options.endpoints.ec2 === undefined ? 'eks' : 'ec2', options)),
    options,
    options.limiters.eks,
  );
}

export const stsClient = (options: ClientOptions): STSClient =>
  attended('sts', new STSClient(configurationOf('sts', options)), options);

export function destroyClients(clients: AwsClients): void {
  for (const client of Object.values(clients) as { destroy(): void }[]) client.destroy();
}

function configurationOf(
  service: AwsService | 'ec2',
  { region, endpoints, credentials, retries = PATIENT }: ClientOptions,
) {
  const endpoint = endpoints[service];
  return {
    region,
    credentials,
    // A profile's `endpoint_url` must not override the run's.
    ignoreConfiguredEndpointUrls: true,
    ...(endpoint !== undefined && { endpoint }),
    retryStrategy: retriesWithin(retries),
    requestHandler: {
      connectionTimeout: CONNECTING_MILLISECONDS,
      requestTimeout: CALL_MILLISECONDS,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: SOCKETS },
      httpsAgent: { maxSockets: SOCKETS },
      socketAcquisitionWarningTimeout: CALL_MILLISECONDS * 10,
    },
  };
}

function attended<Client>(
  service: AwsService | 'ec2',
  client: Client,
  { counter, limiters }: ClientOptions,
  limiter = limiters[service as AwsService],
): Client {
  counter.count(service, client as AwsClient);
  limit(client as AwsClient, limiter);
  return client;
}
