/**
 * A run of a client between scripted endpoints, in a pod's probe program: a fresh process reads an S3 object in each
 * step. The endpoints on the pod's loopback answer by script or relay, and record. In environment, files and headers
 * `{name}` stands for: `credentials`, `metadata`, `aws` (STS and S3), `proxy` (HTTP): the endpoints; `elsewhere`,
 * `elsewhere-address`: a host that must get no token, by name and address; `files`: the folder of the files; `token`:
 * the pod's own token (`first`); `second-token`, `environment-token`: invented ones; `<source>-key-id`,
 * `<source>-secret`: invented keys of source `environment` or `profile`; `agent-ipv4`, `agent-ipv6`: the agent's URLs,
 * if the client has a pod's addresses. By default the client's variables name the endpoints.
 */
export interface ClientRun {
  readonly do: 'RunClient';
  readonly bucket: string;
  readonly key: string;
  /** Changes to the pod's; null removes a variable. */
  readonly environment?: Readonly<Record<string, string | null>>;
  /** Name -> content of a file in a folder of the client's own. */
  readonly files?: Readonly<Record<string, string>>;
  /** Answers of the credentials endpoint, one for each request; the last is repeated. Default: the agent's. */
  readonly credentials?: readonly ScriptedAnswer[];
  /** Answers to AssumeRoleWithWebIdentity, likewise. Default: STS's. */
  readonly sts?: readonly ScriptedAnswer[];
  /** Answers to the first requests to S3; later ones are answered by S3, or with the object for invented credentials. */
  readonly s3?: readonly ScriptedAnswer[];
  /** The client finds agent, ECS and instance metadata at a pod's addresses, and STS by name. */
  readonly addresses?: 'as-in-a-pod';
  /** Default: one. */
  readonly steps?: readonly ClientStep[];
  /** The result is granted, with the client's success as the fact `outcomes`. */
  readonly mayFail?: boolean;
  /** Until then the credentials endpoint refuses connections. */
  readonly awaySeconds?: number;
}

export interface ClientStep {
  readonly waitSeconds?: number;
  readonly files?: Readonly<Record<string, string>>;
  readonly credentials?: readonly ScriptedAnswer[];
  /** Number of concurrent threads or tasks of the client. Default 1. */
  readonly atOnce?: number;
}

export interface ScriptedAnswer {
  /** The answer of agent, STS or S3, with `lifeSeconds`. Default: by script. */
  readonly from?: 'upstream';
  /** Default 200. */
  readonly status?: number;
  /** Default: invented credentials. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delaySeconds?: number;
  /** Closes the connection instead of answering. */
  readonly cut?: true;
  /** Lifetime of the credentials. Default: six hours at the credentials endpoint, one at STS, or upstream's. */
  readonly lifeSeconds?: number;
  /** A member of the credentials to omit. */
  readonly without?: string;
  /** Seconds by which the server's clock, in the header Date, is ahead. */
  readonly aheadSeconds?: number;
}

/** Variable of a pod that allows its program to make networks for clients. */
export const NETWORK_RIGHTS = 'PROBE_NETWORK_RIGHTS';

/** The administrator, or any user with a user namespace. */
export type NetworkRights = 'root' | 'user';

/** Starts a command in a network and mounts of its own. */
export const UNSHARE: Readonly<Record<NetworkRights, readonly [string, ...string[]]>> = {
  root: ['unshare', '--net', '--mount'],
  user: ['unshare', '--user', '--map-root-user', '--net', '--mount'],
};

export type Facts = Readonly<Record<string, string | number | boolean>>;
