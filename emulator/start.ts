import { listen, stopServer } from '../foundation/node/listen.ts';
import { callLog, type CallRecord } from './world/call-log.ts';
import { DEFAULT_ACCOUNT_ID, newWorld, type WorldOptions } from './world/new-world.ts';
import { serviceContext } from './world/service-context.ts';
import { disturbances } from './world/disturbances.ts';
import { throttles } from './world/throttles.ts';
import type { World, Disturbance } from './world/world.ts';
import { ec2Service } from './ec2/index.ts';
import { eksAuthService } from './eks-auth/index.ts';
import { eksService } from './eks/index.ts';
import { authorizeAsCallerOf, type Authorization } from './http/authorize.ts';
import type { CallHandlerOptions } from './http/handle-call.ts';
import { inProcessHandler, type InProcessHandler } from './http/in-process.ts';
import { emulatorServer } from './http/server.ts';
import { iamService } from './iam-api/index.ts';
import { s3Service } from './s3/index.ts';
import { sigV4Verifier } from './sigv4/index.ts';
import { stsService } from './sts/index.ts';
import type { MovableClock } from './core/clock.ts';
import type { Credentials } from './core/credentials.ts';
import { compilePolicy } from '../identity/policy/index.ts';
import type { Organization } from '../identity/organization.ts';
import { type RequestContext } from '../identity/policy/global-keys.ts';
import { podKey, type PodReference } from './core/pod-key.ts';
import type { ClusterProvider } from './world/eks-model.ts';

export interface EmulatorOptions extends Omit<WorldOptions, 'endpoint' | 'uptime'> {
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** Port to listen on. 0, the default, means any free port. */
  readonly port?: number;
  readonly accountId?: string;
  /** Random by default. */
  readonly administrator?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly clusterProvider?: ClusterProvider;
  /** Number of calls to keep; default 100,000. */
  readonly rememberedCalls?: number;
  /** Receives the record of each call, when it was answered. */
  readonly callAnswered?: (record: CallRecord) => void;
}

export interface Emulator {
  /** `http://<host>:<port>` */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly administrator: Credentials;
  readonly clock: MovableClock;
  /** Request handler for clients of the AWS SDK in this process. */
  readonly requestHandler: InProcessHandler;
  /** Creates the account if necessary, and returns its administrator's key. */
  createAccount(accountId: string): Credentials;
  /** Oldest first. */
  calls(): readonly CallRecord[];
  findCall(requestId: string): CallRecord | undefined;
  /** @param before milliseconds since the epoch by the machine's clock */
  forgetCalls(before: number): void;
  /** Returns a function that removes the disturbance. */
  addDisturbance(disturbance: Disturbance): () => void;
  /**
   * Decides about a request to any service as the session or user that signed earlier calls. Undefined if not exactly one
   * did. Throws an Error about a malformed resource policy.
   */
  authorize(
    requestIds: readonly string[],
    authorization: Authorization,
  ): { readonly call: CallRecord; readonly message: string } | undefined;
  /** Sets condition keys of a pod's requests, for sessions opened from now on. Returns a function that removes them. */
  setPodContext(pod: PodReference, context: RequestContext): () => void;
  /** Creates a KMS key for S3, or replaces its policy. Throws `MalformedPolicyDocument`. Returns a function that removes it. */
  createKey(arn: string, policy: string, policyName?: string): () => void;
  /** Restricts all accounts, except their administrators, by the policies of an organization. Returns a function that removes it. */
  setOrganization(organization: Organization): () => void;
  /** Removes a bucket's policy with the rights of the account's root user. */
  removeBucketPolicy(bucket: string): void;
  /** For a provider that first needs the emulator's address. */
  setClusterProvider(provider: ClusterProvider): void;
  close(): Promise<void>;
}

const REMEMBERED_CALLS = 100_000;

/** Starts S3, IAM, STS, EKS, EKS Auth and DescribeSubnets on one port. Rejects with Node's error, such as `EADDRINUSE`. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { emulator } = await startWithWorld(options);
  return emulator;
}

/** Starts an emulator and also returns its world, for tests of this project. */
export async function startWithWorld(
  options: EmulatorOptions & Pick<WorldOptions, 'uptime'>,
): Promise<{ readonly emulator: Emulator; readonly world: World }> {
  const { host = '127.0.0.1', accountId = DEFAULT_ACCOUNT_ID } = options;
  let endpoint = '';
  let clusterProvider = options.clusterProvider;

  const { world, createAccount } = newWorld({ ...options, endpoint: () => endpoint });
  const administrator = createAccount(accountId, options.administrator).administrator;
  const active = disturbances();
  const context = serviceContext(world, active);
  const log = callLog(options.rememberedCalls ?? REMEMBERED_CALLS, options.callAnswered);
  const eks = eksService(context, { clusterProvider: () => clusterProvider });
  const handling: CallHandlerOptions = {
    services: {
      s3: s3Service(context),
      iam: iamService(context),
      sts: stsService(context),
      eks,
      'eks-auth': eksAuthService(context),
      ec2: ec2Service(context),
    },
    context,
    disturbances: active,
    throttles: throttles(world),
    verifier: sigV4Verifier(world),
    log,
  };
  const server = emulatorServer(handling);

  const port = await listen(server, host, options.port);
  endpoint = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    active.close();
    // Clusters come first, because their agents and nodes may still call.
    await eks.close();
    await stopServer(server);
  }

  const emulator: Emulator = {
    endpoint,
    region: world.region,
    accountId,
    administrator,
    clock: world.clock,
    requestHandler: inProcessHandler(handling),
    createAccount: (id) => createAccount(id).administrator,
    calls: () => log.all(),
    findCall: (requestId) => log.find(requestId),
    forgetCalls: (before) => log.forget(before),
    addDisturbance: (disturbance) => active.add(disturbance),
    authorize: (requestIds, authorization) => authorizeAsCallerOf(requestIds, authorization, handling),
    createKey: (arn, policy, name = `policy of key ${arn}`) => {
      world.keyPolicies.set(arn, compilePolicy(policy, { kind: 'resource', name }));
      return () => world.keyPolicies.delete(arn);
    },
    setOrganization: (organization) => {
      world.organization = organization;
      return () => (world.organization = undefined);
    },
    setPodContext: (pod, given) => {
      world.podContexts.set(podKey(pod), given);
      return () => world.podContexts.delete(podKey(pod));
    },
    removeBucketPolicy: (name) => {
      const bucket = world.buckets.get(name);
      if (bucket !== undefined) bucket.policy = undefined;
    },
    setClusterProvider: (provider) => {
      clusterProvider = provider;
    },
    close: () => (closing ??= close()),
  };
  return { emulator, world };
}
