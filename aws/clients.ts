import { EC2Client } from '@aws-sdk/client-ec2';
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

/** The limits of one account. */
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
  /** How long calls are tried again. Default: `PATIENT`. */
  readonly retries?: RetryBounds;
}

/** Connections to a service that may be open at once: more calls wait for one. */
const SOCKETS = 128;
/** Milliseconds until an attempt at a connection, and one at a call, is given up. */
const CONNECTING_MILLISECONDS = 5000;
const CALL_MILLISECONDS = 30_000;

/** Clients of AWS or other endpoints: counted, within the rates, and patient with throttling and the network. */
export function awsClients(options: ClientOptions): AwsClients {
  const s3 = { ...configurationOf('s3', options), forcePathStyle: options.endpoints.s3 !== undefined };
  return madeWhenUsed({
    iam: () => attended('iam', new IAMClient(configurationOf('iam', options)), options),
    s3: () => attended('s3', new S3Client(s3), options),
    sts: () => stsClient(options),
    eks: () => attended('eks', new EKSClient(configurationOf('eks', options)), options),
  });
}

/** Clients of which each is made when it is first asked for: many callers use one alone. */
export function madeWhenUsed(make: { readonly [Service in keyof AwsClients]: () => AwsClients[Service] }): AwsClients {
  const clients = {} as AwsClients;
  for (const [service, makeOne] of Object.entries(make)) {
    let made: AwsClients[keyof AwsClients] | undefined;
    Object.defineProperty(clients, service, { enumerable: true, get: () => (made ??= makeOne()) });
  }
  return clients;
}

/**
 * A client of EC2, where subnets are looked for. It is none of the services that scenarios are about, and is taken to be where
 * EKS is; its few calls have EKS' limit.
 */
export const ec2Client = (options: ClientOptions): EC2Client =>
  attended('ec2', new EC2Client(configurationOf('eks', options)), options, options.limiters.eks);

export const stsClient = (options: ClientOptions): STSClient =>
  attended('sts', new STSClient(configurationOf('sts', options)), options);

/** Ends the connections of clients. */
export function destroyClients(clients: AwsClients): void {
  for (const client of Object.values(clients) as { destroy(): void }[]) client.destroy();
}

function configurationOf(service: AwsService, { region, endpoints, credentials, retries = PATIENT }: ClientOptions) {
  const endpoint = endpoints[service];
  return {
    region,
    credentials,
    // A profile's `endpoint_url` must not lead elsewhere than the run says.
    ignoreConfiguredEndpointUrls: true,
    ...(endpoint !== undefined && { endpoint }),
    retryStrategy: retriesWithin(retries),
    requestHandler: {
      connectionTimeout: CONNECTING_MILLISECONDS,
      requestTimeout: CALL_MILLISECONDS,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: SOCKETS },
      httpsAgent: { maxSockets: SOCKETS },
      // Calls that wait for a connection are no news.
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
