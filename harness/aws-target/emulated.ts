import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type { Credentials, Emulator } from '../../emulator/index.ts';
import type { AccountAlias } from '../../foundation/protocols/aliases.ts';
import { callCounter, type AwsClient, type CallCounter } from '../../aws/call-counter.ts';
import { destroyClients, madeWhenUsed, type AwsClients } from '../../aws/clients.ts';
import { presignedClusterToken } from '../../aws/cluster-token.ts';
import type { AwsCredentials } from '../../aws/credentials.ts';
import { openPodSession } from '../../aws/eks-auth.ts';
import type { AwsTarget } from './target.ts';
import type { AwsService } from '../../aws/service-names.ts';

const OTHER_ACCOUNT = '444455556666';

export const EMULATOR_CAPABILITIES: ReadonlySet<string> = new Set([
  'associations',
  's3',
  'two-accounts',
  'virtual-clock',
  'aws-disturbances',
  'call-record',
  'request-context',
  'organization',
  'kms-keys',
  'policy-decisions',
]);

export function emulatedAws(
  emulator: Emulator,
  workloadEndpoint = emulator.endpoint,
  counter: CallCounter = callCounter(),
): AwsTarget {
  const { endpoint, region } = emulator;
  const accounts: Readonly<Record<AccountAlias, string>> = { main: emulator.accountId, other: OTHER_ACCOUNT };
  const administrators: Readonly<Record<AccountAlias, Credentials>> = {
    main: emulator.administrator,
    other: emulator.createAccount(OTHER_ACCOUNT),
  };
  const made = new Map<AccountAlias, AwsClients>();
  const clientsWith = (credentials: AwsCredentials): AwsClients => {
    const config = { endpoint, region, credentials, maxAttempts: 2, requestHandler: emulator.requestHandler as never };
    const counted = <Client>(service: AwsService, client: Client): Client => {
      counter.count(service, client as AwsClient);
      followClock(client as AwsClient & Followed, emulator.clock);
      return client;
    };
    return madeWhenUsed({
      iam: () => counted('iam', new IAMClient(config)),
      s3: () => counted('s3', new S3Client({ ...config, forcePathStyle: true })),
      sts: () => counted('sts', new STSClient(config)),
      eks: () => counted('eks', new EKSClient(config)),
    });
  };
  return {
    name: 'emulator',
    endpoints: {},
    region,
    capabilities: EMULATOR_CAPABILITIES,
    accountId: (alias) => accounts[alias],
    clients: (alias) => {
      let clients = made.get(alias);
      if (clients === undefined) {
        clients = clientsWith(keysOf(administrators[alias]));
        made.set(alias, clients);
      }
      return clients;
    },
    clientsWith,
    openPodSession: (clusterName, token, asker = keysOf(administrators.main)) =>
      openPodSession(
        { region, endpoint, credentials: async () => asker, counter, limiter: { turn: async () => undefined } },
        clusterName,
        token,
      ),
    workloadEnvironment: { AWS_ENDPOINT_URL: workloadEndpoint },
    clusterToken: (clusterName, credentials = administrators.main) =>
      presignedClusterToken(...([endpoint, region, credentials, clusterName] as const), new Date(emulator.clock.now())),
    controls: {
      now: () => emulator.clock.now(),
      advanceClock: (seconds) => emulator.clock.advance(seconds * 1000),
      resetClock: () => emulator.clock.reset(),
      addDisturbance: (disturbance) => emulator.addDisturbance(disturbance),
      authorize: (requestIds, authorization) => emulator.authorize(requestIds, authorization),
      setPodContext: (pod, context) => emulator.setPodContext(pod, context),
      createKey: (...key) => emulator.createKey(...key),
      setOrganization: (organization) => emulator.setOrganization(organization),
      calls: () => emulator.calls(),
      findCall: (requestId) => emulator.findCall(requestId),
      removeBucketPolicy: (bucket) => emulator.removeBucketPolicy(bucket),
      forgetCalls: (before) => emulator.forgetCalls(before),
    },
    propagation: undefined,
    permissionsBoundary: undefined,
    callCounts: () => counter.counts(),
    close: async () => {
      for (const clients of made.values()) destroyClients(clients);
      await emulator.close();
    },
  };
}

const keysOf = ({ accessKeyId, secretAccessKey }: Credentials): AwsCredentials => ({ accessKeyId, secretAccessKey });

interface Followed {
  readonly config: { systemClockOffset: number };
}

/** Signs with the emulator's clock, because the SDK does not recognize every service's clock-skew error. */
function followClock({ middlewareStack, config }: AwsClient & Followed, clock: Emulator['clock']): void {
  middlewareStack.add(
    (next) => (args) => {
      config.systemClockOffset = clock.now() - Date.now();
      return next(args);
    },
    { step: 'initialize', name: 'followClock' },
  );
}
