import type { AddressInfo } from 'node:net';
import { callLog } from './core/call-log.ts';
import type { CallRecord } from './core/calls.ts';
import type { MovableClock } from './core/clock.ts';
import type { EmulatorFault } from './core/faults.ts';
import { DEFAULT_ACCOUNT_ID, newWorld } from './core/new-world.ts';
import type { Credentials } from './core/principal.ts';
import { serviceContext } from './core/service-context.ts';
import { storm } from './core/storm.ts';
import type { EmulatorSettings, Weather } from './core/world.ts';
import { eksAuthService } from './eks-auth/index.ts';
import { eksService } from './eks/index.ts';
import type { ClusterProvider } from './eks/model.ts';
import { emulatorServer } from './http/server.ts';
import { iamService } from './iam/api/index.ts';
import { s3Service } from './s3/index.ts';
import { worldVerifier } from './sigv4/index.ts';
import { stsService } from './sts/index.ts';

export interface EmulatorOptions {
  /** Address to bind; loopback unless containers must reach it. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 (default): any free port. */
  readonly port?: number;
  readonly region?: string;
  readonly accountId?: string;
  /** The administrator's key; random by default. */
  readonly administrator?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly clusterProvider?: ClusterProvider;
  readonly faults?: Iterable<EmulatorFault>;
  readonly settings?: Partial<EmulatorSettings>;
  /** Seed of ids that need not be secret. */
  readonly seed?: string;
  /** How many calls are remembered; older ones are forgotten. Default 100,000. */
  readonly rememberedCalls?: number;
}

export interface Emulator {
  /** `http://<host>:<port>` */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly administrator: Credentials;
  readonly clock: MovableClock;
  /** Makes a further account (or finds it) and gives its administrator. */
  createAccount(accountId: string): Credentials;
  /** The calls remembered, oldest first. */
  calls(): readonly CallRecord[];
  findCall(requestId: string): CallRecord | undefined;
  /** Turns a disturbance on; the function returned turns it off. */
  addWeather(weather: Weather): () => void;
  /** Replaces the cluster provider (for a provider that needs the emulator's address first). */
  setClusterProvider(provider: ClusterProvider): void;
  close(): Promise<void>;
}

const REMEMBERED_CALLS = 100_000;

/**
 * Starts an AWS of five services on one port: S3, IAM, STS, EKS and EKS Auth.
 *
 * Rejects with node's error (`EADDRINUSE`, `EACCES`, …) when the address cannot be bound.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1', accountId = DEFAULT_ACCOUNT_ID } = options;
  let endpoint = '';
  let clusterProvider = options.clusterProvider;

  const { world, createAccount } = newWorld({ ...options, endpoint: () => endpoint });
  const administrator = createAccount(accountId, options.administrator).administrator;
  const weather = storm();
  const context = serviceContext(world, weather);
  const log = callLog(options.rememberedCalls ?? REMEMBERED_CALLS);
  const eks = eksService(context, { clusterProvider: () => clusterProvider });
  const server = emulatorServer({
    services: {
      s3: s3Service(context),
      iam: iamService(context),
      sts: stsService(context),
      eks,
      'eks-auth': eksAuthService(context),
    },
    context,
    storm: weather,
    verifier: worldVerifier(world),
    log,
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  endpoint = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    weather.close();
    // Clusters first: their agents and nodes may still call.
    await eks.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  return {
    endpoint,
    region: world.region,
    accountId,
    administrator,
    clock: world.clock,
    createAccount: (id) => createAccount(id).administrator,
    calls: () => log.all(),
    findCall: (requestId) => log.find(requestId),
    addWeather: (disturbance) => weather.add(disturbance),
    setClusterProvider: (provider) => {
      clusterProvider = provider;
    },
    close: () => (closing ??= close()),
  };
}
