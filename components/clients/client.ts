/**
 * AWS clients that a run tests (`--client`). A pod's probe program starts the client's program and talks to it by
 * foundation/protocols/client-protocol.ts.
 */
import type { ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import type { ExpectedResult } from '../../foundation/protocols/probe-protocol.ts';

export interface Client {
  readonly name: string;
  /** Full name, such as `AWS SDK for Python (boto3)`. */
  readonly title: string;
  readonly versions: {
    readonly newest: string;
    /** The documented first version with Pod Identity (Amazon EKS User Guide, "Use Pod Identity with the AWS SDK"). */
    readonly minimum?: string;
    readonly below?: string;
  };
  /** Supported operations. Scenarios with other SDK operations are skipped. */
  readonly operations: ReadonlySet<ClientOperation['do']>;
  /** Its credential chain: an AWS SDK's, or its own. */
  readonly chain: 'sdk' | 'own';
  /** It is started for each operation, so it caches no credentials. */
  readonly startsPerOperation?: true;
  /** It runs on Node, so a scenario can move its clock. */
  readonly runsOnNode?: true;
  readonly differences?: readonly ClientDifference[];
  /** It ignores `AWS_ENDPOINT_URL` for STS, or requires TLS, so IRSA only works with AWS's own STS. */
  readonly stsOfAwsAlone?: true;
  /** The maintainers' documentation of credentials. */
  readonly documentation: URL;
  install(release: ClientRelease, context: InstallContext): Promise<InstalledClient | undefined>;
}

/** The exact result of a probe with this client, which replaces the scenario's. */
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
  /** Folder with the program and its libraries. It can be copied elsewhere. */
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
  /** The program's local runtime, if it needs one other than Node. */
  readonly runtime?: Runtime;
  /** Its program loads this machine's libraries. */
  readonly isLinkedDynamically?: true;
  /** Variables to add to the pod's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Runtime {
  readonly name: 'python' | 'java';
  readonly program: string;
  /** The folder that contains its `lib`. */
  readonly home: string;
}

export interface ChosenClient {
  readonly client: Client;
  readonly version: string;
  /** The client's name, with its version if the run has several versions. */
  readonly label: string;
  /** Index among the clients of the run, from 0. */
  readonly ordinal: number;
  readonly installed?: InstalledClient | undefined;
  readonly failure?: string;
}

/** Operations of an SDK with STS and S3. */
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

/** Operations of clients that are not SDKs: reading and writing objects. */
export const OBJECT_OPERATIONS: ReadonlySet<ClientOperation['do']> = new Set(['GetObject', 'PutObject']);

/** The same, and the client's identity. */
export const IDENTITY_AND_OBJECT_OPERATIONS: ReadonlySet<ClientOperation['do']> = new Set([
  'GetCallerIdentity',
  ...OBJECT_OPERATIONS,
]);
