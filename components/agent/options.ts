import type { Server } from 'node:http';
import type { LogLevel } from './log.ts';

/** Credentials with which the agent signs its calls to EKS Auth: the node role's. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** The lines of the agent's releases, whose behaviour differs. */
export const AGENT_VERSIONS = ['0.1', '0.2'] as const;
export type AgentVersion = (typeof AGENT_VERSIONS)[number];
/** A release of each. The behaviour of 0.2 is that of commit 8d9063a of its source. */
export const RELEASES: Readonly<Record<AgentVersion, string>> = { '0.1': '0.1.37', '0.2': '0.2.1' };
/** The environment variable that says whose behaviour the program has. */
export const VERSION_VARIABLE = 'CONFORMANCE_AGENT_VERSION';

/** The environment variable by which the program serves without its rate limiter: `off`. */
export const LIMITER_VARIABLE = 'CONFORMANCE_AGENT_LIMITER';

/** The cluster that the agent runs in. */
export interface InCluster {
  /** URL of the API server. */
  readonly apiServer: string;
  /** Folder of the container's root, in which its mounts are. */
  readonly root: string;
}

/** Names and defaults of the agent's own flags. Of the ports, 0 takes any free one. */
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

/** Names and defaults are those of the agent's own flags. Durations are in milliseconds. */
export interface AgentOptions extends Readonly<Partial<typeof DEFAULTS>> {
  readonly clusterName: string;
  readonly region: string;
  /** Default 0.1. */
  readonly version?: AgentVersion;
  /** Where 0.2 fetches the keys to check tokens with. Without it, it checks none. */
  readonly inCluster?: InCluster;
  /** URL of the region's EKS Auth. Default `https://eks-auth.<region>.api.aws`. */
  readonly regionalEndpoint?: string;
  /** URL that is asked in place of the region's EKS Auth. */
  readonly endpoint?: string;
  readonly credentials: () => Promise<AwsCredentials>;
  /** Default: 169.254.170.23 and fd00:ec2::23. Each gets a server, cache, rate limiter and refresh loop of its own. */
  readonly bindHosts?: readonly string[];
  /** Whether requests for credentials beyond 1,000 a second, and 500 at once, are refused with 429. Default true. */
  readonly limiter?: boolean;
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
  /** Each bind host's server, for whoever hands it connections. */
  readonly servers: readonly Server[];
  readonly probeUrl: string;
  readonly metricsUrl: string;
  /** Ends the servers, waiting for requests under way. */
  stop(): Promise<void>;
}

/** The agent does not start: options that cannot work together, or an address that it cannot listen on. */
export class AgentRefusal extends Error {
  override readonly name = 'AgentRefusal';
  readonly code: 'cache-outgrows-refresh' | 'cannot-listen';

  constructor(code: AgentRefusal['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
