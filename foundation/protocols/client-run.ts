/**
 * A client's run against scripted endpoints, in a pod's probe program. In each step a fresh process reads an S3 object.
 * The endpoints on the pod's loopback answer by script or forward requests, and record them. By default the client's
 * variables name them. Placeholders in environment, files and headers: `{credentials}`, `{metadata}`, `{aws}` (STS and
 * S3), `{proxy}` (HTTP): the endpoints; `{elsewhere}`, `{elsewhere-address}`: name and address of a host that must
 * receive no token; `{files}`: the folder of the files; `{token}`: the pod's own token (`first`); `{second-token}`,
 * `{environment-token}`: invented tokens; `{<source>-key-id}`, `{<source>-secret}`: invented keys of source
 * `environment` or `profile`; `{agent-ipv4}`, `{agent-ipv6}`: the agent's URLs at a pod's addresses.
 */
export interface ClientRun {
  readonly do: 'RunClient';
  readonly bucket: string;
  readonly key: string;
  /** Changes to the pod's environment; null removes a variable. */
  readonly environment?: Readonly<Record<string, string | null>>;
  /** Names and contents of files in a folder of the client. */
  readonly files?: Readonly<Record<string, string>>;
  /** The credentials endpoint's answers, one for each request; the last one repeats. Default: the agent's answers. */
  readonly credentials?: readonly ScriptedAnswer[];
  /** The answers to AssumeRoleWithWebIdentity, in the same way. Default: STS's answers. */
  readonly sts?: readonly ScriptedAnswer[];
  /** The answers to the first S3 requests. S3 answers later ones. If the credentials are invented, the endpoint returns the object. */
  readonly s3?: readonly ScriptedAnswer[];
  /** The client reaches agent, ECS and instance metadata at a pod's addresses, and STS by name. */
  readonly addresses?: 'as-in-a-pod';
  /** Default: one step. */
  readonly steps?: readonly ClientStep[];
  /** Makes the result granted in any case, with the client's success as the fact `outcomes`. */
  readonly mayFail?: boolean;
  /** How long the credentials endpoint refuses connections. */
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
  /** Forwards the answer of agent, STS or S3, with `lifeSeconds`. Default: the scripted answer. */
  readonly from?: 'upstream';
  /** Default 200. */
  readonly status?: number;
  /** Default: invented credentials. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delaySeconds?: number;
  /** Closes the connection without an answer. */
  readonly cut?: true;
  /** Lifetime of the credentials. Default: six hours at the credentials endpoint, one at STS, or upstream's. */
  readonly lifeSeconds?: number;
  /** A member of the credentials that is omitted. */
  readonly without?: string;
  /** Seconds by which the server's clock in the header Date runs ahead. */
  readonly aheadSeconds?: number;
}

/** Environment variable of a pod whose program may create networks for clients. */
export const NETWORK_RIGHTS = 'PROBE_NETWORK_RIGHTS';

/** Root, or any user with a user namespace. */
export type NetworkRights = 'root' | 'user';

/** The command that starts a program with its own network and mounts. */
export const UNSHARE: Readonly<Record<NetworkRights, readonly [string, ...string[]]>> = {
  root: ['unshare', '--net', '--mount'],
  user: ['unshare', '--user', '--map-root-user', '--net', '--mount'],
};

export type Facts = Readonly<Record<string, string | number | boolean>>;
