/**
 * A run of a client between scripted endpoints, as the harness asks the probe program of a pod for one: a fresh process of the
 * client reads one object of S3 as often as there are steps, with changes to its environment. Whatever it sends goes through
 * endpoints on the pod's loopback, which answer by script or pass on, and record. In values of the environment, files and headers
 * `{name}` stands for:
 *
 * | name | |
 * | --- | --- |
 * | `credentials` | the credentials endpoint, in the place of the agent's |
 * | `metadata` | the instance metadata service |
 * | `proxy` | an HTTP proxy |
 * | `elsewhere`, `elsewhere-address` | a host that nobody should send a token to, by the name `localhost`, and by an address of documentation |
 * | `aws` | STS and S3 |
 * | `files` | the folder of the files |
 * | `token` | the pod's own token of its credentials endpoint, the one named `first` |
 * | `second-token`, `environment-token` | made-up tokens, named `second` and `environment` |
 * | `<source>-key-id`, `<source>-secret` | made-up access keys of the source `environment` or `profile` |
 * | `agent-ipv4`, `agent-ipv6` | `http://169.254.170.23`, `http://[fd00:ec2::23]`, where the client has the addresses of a pod |
 *
 * By default the client's variables of the credentials endpoint, of instance metadata and of AWS' endpoints lead there.
 */
export interface ClientRun {
  readonly do: 'RunClient';
  readonly bucket: string;
  readonly key: string;
  /** In place of what the pod has; null takes a variable away. */
  readonly environment?: Readonly<Record<string, string | null>>;
  /** Name -> content of a file in a folder of the client's own. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of the credentials endpoint, one for each request; the last stays. Default: what the pod's agent answers. */
  readonly credentials?: readonly ScriptedAnswer[];
  /** Of AssumeRoleWithWebIdentity, likewise. Default: what STS answers. */
  readonly sts?: readonly ScriptedAnswer[];
  /** Of the first requests to S3; what follows is answered by S3, or with the object where the credentials are made up. */
  readonly s3?: readonly ScriptedAnswer[];
  /** Where the client finds the agent's, ECS' and the instance metadata service's addresses as in a pod, and the names of STS. */
  readonly addresses?: 'as-in-a-pod';
  /** Default: one. */
  readonly steps?: readonly ClientStep[];
  /** Whether the client succeeds is its own affair: the result is granted, and tells of it as the fact `outcomes`. */
  readonly mayFail?: boolean;
  /** Until the credentials endpoint takes connections; until then they are refused. */
  readonly awaySeconds?: number;
}

/** Changes, and the operation that follows them. */
export interface ClientStep {
  readonly waitSeconds?: number;
  /** Files that are written anew. */
  readonly files?: Readonly<Record<string, string>>;
  /** Another script of the credentials endpoint. */
  readonly credentials?: readonly ScriptedAnswer[];
  /** By so many threads or tasks of the client. Default 1. */
  readonly atOnce?: number;
}

export interface ScriptedAnswer {
  /** Of the agent, STS or S3 itself, with `lifeSeconds` put in. Default: by script. */
  readonly from?: 'upstream';
  /** Default 200. */
  readonly status?: number;
  /** Default: credentials that are made up. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Wait before the answer. */
  readonly delaySeconds?: number;
  /** The connection is closed in place of an answer. */
  readonly cut?: true;
  /** Until the credentials expire. Default: six hours for those of the credentials endpoint, one for those of STS, or as upstream has it. */
  readonly lifeSeconds?: number;
  /** A member of the credentials that is left out. */
  readonly without?: string;
  /** By how much the clock of who answers is ahead, in the header Date. */
  readonly aheadSeconds?: number;
}

/** Variable of a pod by which its program knows that it may make networks for clients, and how. */
export const NETWORK_RIGHTS = 'PROBE_NETWORK_RIGHTS';

/** Who may: the machine's administrator, or each user in a namespace of users. */
export type NetworkRights = 'root' | 'user';

/** What starts a command in a network of its own, and in mounts of its own for the names in it. */
export const UNSHARE: Readonly<Record<NetworkRights, readonly [string, ...string[]]>> = {
  root: ['unshare', '--net', '--mount'],
  user: ['unshare', '--user', '--map-root-user', '--net', '--mount'],
};

/** What was seen in a run, by name. */
export type Facts = Readonly<Record<string, string | number | boolean>>;
