import { randomUUID } from 'node:crypto';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import type { Clock } from '../../../emulator/core/clock.ts';
import { newWorld } from '../../../emulator/world/new-world.ts';
import type { Caller } from '../../../identity/policy/principal.ts';
import { serviceContext } from '../../../emulator/world/service-context.ts';
import type { Service, ServiceRequest } from '../../../emulator/core/service.ts';
import { disturbances } from '../../../emulator/world/disturbances.ts';
import type { CallTrace, World } from '../../../emulator/world/world.ts';
import type { EmulatorSettings } from '../../../emulator/core/settings.ts';
import { eksAuthService } from '../../../emulator/eks-auth/index.ts';
import { iamService } from '../../../emulator/iam-api/index.ts';
import { eksService } from '../../../emulator/eks/index.ts';
import type { Cluster, ClusterProvider, ClusterSpec, ManagedCluster } from '../../../emulator/world/eks-model.ts';
import { answerTo, aRequest } from './requests.ts';

export const ACCOUNT = '111122223333';
export const OTHER_ACCOUNT = '444455556666';
export const REGION = 'us-west-2';
/** Subnets of the first account, in two zones. */
export const SUBNETS = ['subnet-0000000000000000a', 'subnet-0000000000000000b'];

/** A `ManagedCluster` that records calls, with a key with which tests sign tokens. */
export interface RecordedCluster extends ManagedCluster {
  readonly spec: ClusterSpec;
  readonly calls: string[];
  readonly nodeGroups: Map<string, Parameters<ManagedCluster['addNodes']>[0]>;
  sign(claims: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>;
}

export interface EksResponse {
  readonly status: number;
  readonly errorType: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
  readonly trace: CallTrace;
}

/**
 * EKS, EKS Auth and IAM of one emulated AWS, without a server. SDK clients pass their requests directly to the services, as a
 * caller that the test chooses.
 */
export interface TestCloud {
  readonly world: World;
  readonly administrator: Caller;
  readonly clusters: Map<string, RecordedCluster>;
  eks(caller?: Caller): EKSClient;
  iam(caller?: Caller): IAMClient;
  cluster(name: string): Cluster;
  /** Sends a raw request. */
  send(service: 'eks' | 'eks-auth', call: Partial<ServiceRequest>): Promise<EksResponse>;
  close(): Promise<void>;
}

export async function testCloud(
  options: {
    readonly settings?: Partial<EmulatorSettings>;
    readonly provider?: ClusterProvider | null;
    readonly uptime?: Clock;
  } = {},
): Promise<TestCloud> {
  const clusters = new Map<string, RecordedCluster>();
  const { world, createAccount } = newWorld({
    region: REGION,
    seed: 'eks',
    endpoint: () => 'http://127.0.0.1:1',
    ...(options.settings && { settings: options.settings }),
    ...(options.uptime && { uptime: options.uptime }),
  });
  createAccount(ACCOUNT);
  createAccount(OTHER_ACCOUNT);
  const active = disturbances();
  const context = serviceContext(world, active);
  const chosen = options.provider === null ? undefined : (options.provider ?? recordingProvider(clusters));
  const eks = eksService(context, { clusterProvider: () => chosen });
  const services = { eks, 'eks-auth': eksAuthService(context), iam: iamService(context) };
  const administrator = administratorOf(world, ACCOUNT);

  const client = (service: Service, caller: Caller) => ({
    region: REGION,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'not-used' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (sent: SentRequest) => {
        const { status, headers, body } = await answerTo(service, received(world, sent, caller));
        return { response: { statusCode: status, headers: headers ?? {}, body: Buffer.from(body ?? '') } };
      },
    } as never,
  });

  return {
    world,
    administrator,
    clusters,
    eks: (caller = administrator) => new EKSClient(client(services.eks, caller)),
    iam: (caller = administrator) => new IAMClient(client(services.iam, caller)),
    cluster: (name) => world.account(ACCOUNT)!.clusters.get(name)!,
    send: async (service, call) => {
      const request = aRequest({ id: randomUUID(), time: world.clock.now(), caller: administrator, ...call });
      const { status, headers = {}, body = '' } = await answerTo(services[service], request);
      return {
        status,
        headers,
        errorType: headers['x-amzn-errortype'],
        body: JSON.parse(String(body)) as Record<string, unknown>,
        trace: context.trace(request),
      };
    },
    close: async () => {
      await eks.close();
      active.close();
    },
  };
}

/** Creates recorded clusters, and adds them to `clusters` by name. */
export function recordingProvider(clusters: Map<string, RecordedCluster>): ClusterProvider {
  return {
    createCluster: async (spec) => {
      const cluster = recordedCluster(spec);
      clusters.set(spec.name, cluster);
      return cluster;
    },
  };
}

export function administratorOf(world: World, accountId: string): Caller {
  return world.credentials.find(world.account(accountId)!.administrator.accessKeyId)!.caller;
}

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

function received(world: World, sent: SentRequest, caller: Caller): ServiceRequest {
  const query = Object.entries(sent.query).flatMap(([name, value]) =>
    [value].flat().map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(item ?? '')}`),
  );
  return aRequest({
    id: randomUUID(),
    time: world.clock.now(),
    method: sent.method,
    path: sent.path,
    caller,
    query: query.join('&'),
    headers: Object.fromEntries(Object.entries(sent.headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: typeof sent.body === 'object' ? Buffer.concat([sent.body]) : Buffer.from(sent.body ?? ''),
  });
}

function recordedCluster(spec: ClusterSpec): RecordedCluster {
  let made: ReturnType<typeof generateKeyPair> | undefined;
  // Generated on demand, since it is slow and most tests need none.
  const pair = () => (made ??= generateKeyPair('RS256'));
  const calls: string[] = [];
  const nodeGroups: RecordedCluster['nodeGroups'] = new Map();
  return {
    spec,
    calls,
    nodeGroups,
    endpoint: `https://${spec.name}.example`,
    certificateAuthorityData: 'Y2VydGlmaWNhdGU=',
    jwks: async () => ({
      keys: [{ ...(await exportJWK((await pair()).publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' }],
    }),
    addNodes: async (group) => {
      calls.push(`addNodes ${group.name} ${group.nodeRoleArn}`);
      nodeGroups.set(group.name, group);
    },
    removeNodes: async (name) => void calls.push(`removeNodes ${name}`),
    installAddon: async (addon) => void calls.push(`installAddon ${addon.name} ${addon.version}`),
    removeAddon: async (name) => void calls.push(`removeAddon ${name}`),
    associationsChanged: async (identities) =>
      void calls.push(`associations ${identities.map((i) => `${i.namespace}/${i.serviceAccount}`).join(' ')}`),
    delete: async () => void calls.push('delete'),
    sign: async (claims, header) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-1', ...header }).sign((await pair()).privateKey),
  };
}
