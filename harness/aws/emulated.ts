import { Sha256 } from '@aws-crypto/sha256-js';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Credentials, Emulator } from '../../emulator/index.ts';
import type { AccountAlias } from '../scenario/policy.ts';
import { callCounter, type CountedClient } from './call-counter.ts';
import type { AwsClients, AwsTarget } from './target.ts';

/** The second account of an emulated AWS. */
const OTHER_ACCOUNT = '444455556666';

/** What an emulated AWS can do, by the harness' capability names. */
export const EMULATOR_CAPABILITIES: ReadonlySet<string> = new Set([
  'two-accounts',
  'virtual-clock',
  'weather',
  'call-record',
]);

/** An AWS that the emulator plays; `workloadEndpoint` is its URL as pods reach it. */
export function emulatedAws(emulator: Emulator, workloadEndpoint = emulator.endpoint): AwsTarget {
  const { endpoint, region } = emulator;
  const accounts: Readonly<Record<AccountAlias, string>> = { main: emulator.accountId, other: OTHER_ACCOUNT };
  const administrators: Readonly<Record<AccountAlias, Credentials>> = {
    main: emulator.administrator,
    other: emulator.createAccount(OTHER_ACCOUNT),
  };
  const made = new Map<AccountAlias, AwsClients>();
  const counter = callCounter();
  return {
    name: 'emulator',
    endpoints: {},
    region,
    capabilities: EMULATOR_CAPABILITIES,
    accountId: (alias) => accounts[alias],
    clients: (alias) => {
      let clients = made.get(alias);
      if (clients === undefined) {
        const { accessKeyId, secretAccessKey } = administrators[alias];
        const config = { endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 2 };
        clients = {
          iam: new IAMClient(config),
          s3: new S3Client({ ...config, forcePathStyle: true }),
          sts: new STSClient(config),
          eks: new EKSClient(config),
        };
        for (const [service, client] of Object.entries(clients)) counter.count(service, client as CountedClient);
        made.set(alias, clients);
      }
      return clients;
    },
    eksWith: (credentials) => new EKSClient({ endpoint, region, credentials, maxAttempts: 2 }),
    workloadEnvironment: { AWS_ENDPOINT_URL: workloadEndpoint },
    clusterToken: (clusterName) => presignedClusterToken(endpoint, region, administrators.main, clusterName),
    controls: {
      advanceClock: (seconds) => emulator.clock.advance(seconds * 1000),
      resetClock: () => emulator.clock.reset(),
      addWeather: (weather) => emulator.addWeather(weather),
      calls: () => emulator.calls(),
      findCall: (requestId) => emulator.findCall(requestId),
    },
    propagation: undefined,
    permissionsBoundary: undefined,
    callCounts: () => counter.counts(),
    close: async () => {
      for (const clients of made.values())
        for (const client of Object.values(clients) as { destroy(): void }[]) client.destroy();
      await emulator.close();
    },
  };
}

/**
 * A token for an EKS API server: `k8s-aws-v1.` and a presigned GetCallerIdentity, bound to the cluster by the signed
 * header `x-k8s-aws-id` (Amazon EKS User Guide, "Connect kubectl to an EKS cluster"; format of aws-iam-authenticator).
 */
export async function presignedClusterToken(
  endpoint: string,
  region: string,
  credentials: Credentials,
  clusterName: string,
): Promise<string> {
  const { hostname, port, protocol } = new URL(endpoint);
  const { accessKeyId, secretAccessKey } = credentials;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region,
    service: 'sts',
    sha256: Sha256,
  });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: port === '' ? hostname : `${hostname}:${port}`, 'x-k8s-aws-id': clusterName },
    },
    { expiresIn: 900 },
  );
  const query = Object.entries(signed.query ?? {})
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join('&');
  return `k8s-aws-v1.${Buffer.from(`${endpoint}/?${query}`).toString('base64url')}`;
}
