/**
 * A client of AWS as the subject of a run (`--client`). A pod's probe program starts its program, by
 * foundation/protocols/client-protocol.ts.
 */
import type { ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import type { ExpectedResult } from '../../foundation/protocols/probe-protocol.ts';

export interface Client {
  readonly name: string;
  /** In words, such as `AWS SDK for Python (boto3)`. */
  readonly title: string;
  readonly versions: {
    readonly newest: string;
    /** The first with Pod Identity (Amazon EKS User Guide, "Use Pod Identity with the AWS SDK"), if documented. */
    readonly minimum?: string;
    readonly below?: string;
  };
  /** Supported operations. Scenarios with other operations of an SDK are skipped. */
  readonly operations: ReadonlySet<ClientOperation['do']>;
  /** Its credential chain: that of an AWS SDK, or its own. */
  readonly chain: 'sdk' | 'own';
  /** It is started for each operation, and so caches no credentials. */
  readonly startsAnew?: true;
  readonly differences?: readonly ClientDifference[];
  /** It calls STS at AWS's own address or by TLS only, whatever `AWS_ENDPOINT_URL` says: IRSA then needs AWS's STS. */
  readonly stsOfAwsAlone?: true;
  /** The maintainers' documentation of its credentials. */
  readonly documentation: URL;
  install(release: ClientRelease, context: InstallContext): Promise<InstalledClient | undefined>;
}

/** The exact result of a probe with this client, instead of the scenario's. */
export interface ClientDifference {
  readonly scenario: string;
  readonly probe: number;
  readonly expected: ExpectedResult;
  readonly reason: string;
  readonly source: string;
}

export type ClientRelease = Pick<Client, 'name'> & { readonly version: string };

export interface InstallContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface InstalledClient {
  /** Contains the program and its libraries; may be copied elsewhere. */
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
  /** The local runtime of the program, if needed, other than Node. */
  readonly runtime?: Runtime;
  /** Its program loads libraries of this machine. */
  readonly isLinkedDynamically?: true;
  /** In addition to the environment of the pod. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Runtime {
  readonly name: 'python' | 'java';
  readonly program: string;
  /** The folder that its `lib` lies in. */
  readonly home: string;
}

export interface ChosenClient {
  readonly client: Client;
  readonly version: string;
  /** Its name, with the version if the run has several of it. */
  readonly label: string;
  /** From 0, among those of the run. */
  readonly ordinal: number;
  readonly installed?: InstalledClient | undefined;
  readonly failure?: string;
}

/** All operations of an SDK with STS and S3. */
export const ALL_OPERATIONS: ReadonlySet<ClientOperation['do']> = new Set([
  'GetCallerIdentity',
  'AssumeRole',
  'AssumeRoleByProfile',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'GetObjectTagging',
  'PutObject',
  'ListObjectsV2',
  'HeadBucket',
  'DeleteObjects',
]);

/** Reading and writing an object: operations of clients that are no SDKs. */
export const OBJECT_OPERATIONS: ReadonlySet<ClientOperation['do']> = new Set(['GetObject', 'PutObject']);

/** The same with the client's identity. */
export const IDENTITY_AND_OBJECT_OPERATIONS: ReadonlySet<ClientOperation['do']> = new Set([
  'GetCallerIdentity',
  ...OBJECT_OPERATIONS,
]);
