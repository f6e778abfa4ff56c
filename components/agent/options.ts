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
/** A release of each. 0.2 behaves like commit 8d9063a of its source. */
export const RELEASES: Readonly<Record<AgentVersion, string>> = { '0.1': '0.1.37', '0.2': '0.2.1' };
/** Variable with the line that the program imitates. */
export const VERSION_VARIABLE = 'CONFORMANCE_AGENT_VERSION';

export interface InCluster {
  readonly apiServer: string;
  /** Root folder of the container's mounts. */
  readonly root: string;
}

/** Names and defaults of the agent's flags. Port 0 takes any free one. */
export const DEFAULTS = {
  port: 80,
  /** On localhost. */
  probePort: 2703,
  metricsAddress: '0.0.0.0',
  metricsPort: 2705,
  /** Milliseconds; 0 turns the cache off. */
  maxCredentialRetentionBeforeRenewal: 3 * 3_600_000,
  /** 0 turns the cache off. */
  maxCacheSize: 2000,
  /** Refreshes a second. */
  maxServiceQps: 3,
};

/** Named as the agent's flags. Durations are in milliseconds. */
export interface AgentOptions extends Readonly<Partial<typeof DEFAULTS>> {
  readonly clusterName: string;
  readonly region: string;
  /** Default 0.1. */
  readonly version?: AgentVersion;
  /** Where 0.2 fetches the keys for tokens. Without it, it verifies none. */
  readonly inCluster?: InCluster;
  /** URL of the region's EKS Auth. Default `https://eks-auth.<region>.api.aws`. */
  readonly regionalEndpoint?: string;
  readonly endpoint?: string;
  readonly credentials: () => Promise<AwsCredentials>;
  /** Default: 169.254.170.23 and fd00:ec2::23. Each has a server, cache, rate limiter and refresh loop. */
  readonly bindHosts?: readonly string[];
  /** Default: the system's. Rate limits and timeouts always go by real time. */
  readonly clock?: Clock;
  /** Receives one JSON text a line. Never a token or a key. */
  readonly log?: (line: string) => void;
  /** The least severe level that `log` receives. Default `info`. */
  readonly verbosity?: LogLevel;
}

export interface RunningAgent {
  /** URL of each bind host's server, in the order of `bindHosts`: `http://127.0.0.1:34567`. */
  readonly urls: readonly string[];
  readonly servers: readonly Server[];
  readonly probeUrl: string;
  readonly metricsUrl: string;
  /** Stops the servers, after their active requests. */
  stop(): Promise<void>;
}

/** The agent does not start: contradictory options, or an address that it cannot listen on. */
export class AgentRefusal extends Error {
  override readonly name = 'AgentRefusal';
  readonly code: 'cache-outgrows-refresh' | 'cannot-listen';

  constructor(code: AgentRefusal['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
