import type { CallRecord } from './core/calls.ts';
import type { MovableClock } from './core/clock.ts';
import type { WorldOptions } from './core/new-world.ts';
import type { Credentials } from './core/principal.ts';
import type { Disturbance } from './core/world.ts';
import type { ClusterProvider } from './eks/model.ts';
import type { S3Backend } from './s3/index.ts';

export interface EmulatorOptions extends Omit<WorldOptions, 'endpoint' | 'uptime'> {
  /** Address to bind; loopback unless containers must reach it. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 (default): any free port. */
  readonly port?: number;
  readonly accountId?: string;
  /** The administrator's key; random by default. */
  readonly administrator?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly clusterProvider?: ClusterProvider;
  /** Another S3 that holds buckets and objects; in memory without it. Authorization is the emulator's either way. */
  readonly s3Backend?: S3Backend;
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
  addDisturbance(disturbance: Disturbance): () => void;
  /** Replaces the cluster provider (for a provider that needs the emulator's address first). */
  setClusterProvider(provider: ClusterProvider): void;
  close(): Promise<void>;
}
