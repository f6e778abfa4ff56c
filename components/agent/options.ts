import type { Server } from 'node:http';
import type { LogLevel } from './log.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

export const AGENT_VERSIONS = ['0.1', '0.2'] as const;
export type AgentVersion = (typeof AGENT_VERSIONS)[number];
/** The release that represents each version. 0.2 behaves like commit 8d9063a of its source. */
export const RELEASES: Readonly<Record<AgentVersion, string>> = { '0.1': '0.1.37', '0.2': '0.2.1' };
/** Environment variable with the version to behave like. */
export const VERSION_VARIABLE = 'CONFORMANCE_AGENT_VERSION';

export interface InCluster {
  readonly apiServer: string;
  /** The root folder of the container's mounts. */
  readonly root: string;
}

/** Names and defaults of the agent's flags. Port 0 means any free port. */
export const DEFAULTS = {
  port: 80,
  /** On localhost. */
  probePort: 2703,
  metricsAddress: '0.0.0.0',
  metricsPort: 2705,
  /** Milliseconds; 0 disables the cache. */
  maxCredentialRetentionBeforeRenewal: 3 * 3_600_000,
  /** 0 disables the cache. */
  maxCacheSize: 2000,
  /** Refreshes per second. */
  maxServiceQps: 3,
};

/** Options named like the agent's flags. Durations are in milliseconds. */
export interface AgentOptions extends Readonly<Partial<typeof DEFAULTS>> {
  readonly clusterName: string;
  readonly region: string;
  /** Default: 0.1. */
  readonly version?: AgentVersion;
  /** Where 0.2 fetches the keys for tokens. Without it, it does not verify tokens. */
  readonly inCluster?: InCluster;
  /** URL of the region's EKS Auth. Default: `https://eks-auth.<region>.api.aws`. */
  readonly regionalEndpoint?: string;
  readonly endpoint?: string;
  readonly credentials: () => Promise<AwsCredentials>;
  /** Sets 0.2's chain of instance metadata and EKS Auth. Instance metadata never has a pod's credentials. Default: false. */
  readonly enableImdsCredentials?: boolean;
  /** Default: 169.254.170.23 and fd00:ec2::23. Each address has its own server, cache, rate limiter and refresh loop. */
  readonly bindHosts?: readonly string[];
  /** Default: the system clock. Rate limits and timeouts always use real time. */
  readonly clock?: Clock;
  /** Called with each log line, which is JSON and never contains a token or key. */
  readonly log?: (line: string) => void;
  /** The least severe level to log. Default: `info`. */
  readonly verbosity?: LogLevel;
}

export interface RunningAgent {
  /** URLs of the servers in the order of `bindHosts`, such as `http://127.0.0.1:34567`. */
  readonly urls: readonly string[];
  readonly servers: readonly Server[];
  readonly probeUrl: string;
  readonly metricsUrl: string;
  /** Stops the servers after their active requests. */
  stop(): Promise<void>;
}

/** The agent cannot start, because its options contradict each other or it cannot listen on an address. */
export class AgentRefusal extends Error {
  override readonly name = 'AgentRefusal';
  readonly code: 'cache-outgrows-refresh' | 'cannot-listen' | 'unknown-flag';

  constructor(code: AgentRefusal['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
