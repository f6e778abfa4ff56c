/**
 * A client of AWS as the subject of a run (`--client`): an SDK, or a program with a credential chain of its own. Its program speaks
 * foundation/protocols/client-protocol.ts; the probe program of a pod starts it. All that the harness and the clusters know of it.
 */
import type { ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import type { ExpectedResult } from '../../foundation/protocols/probe-protocol.ts';

export interface Client {
  /** As `--client` takes it. */
  readonly name: string;
  /** In words, such as `AWS SDK for Python (boto3)`. */
  readonly title: string;
  readonly versions: {
    /** The one that is taken where none is asked for: the newest when it was last looked. */
    readonly newest: string;
    /** The first that knows Pod Identity (Amazon EKS User Guide, "Use Pod Identity with the AWS SDK"), where that is documented. */
    readonly minimum?: string;
    /** The last before that. */
    readonly below?: string;
  };
  /** What its program can be asked for. Scenarios with other operations of an SDK are skipped. */
  readonly operations: ReadonlySet<ClientOperation['do']>;
  /** Whose credential chain it goes through: that of an AWS SDK, or one of its own. */
  readonly chain: 'sdk' | 'own';
  /** It is started for one operation at a time, and so keeps no credentials from one to the next. */
  readonly startsAnew?: true;
  /** In what its maintainers let it differ from what scenarios expect. */
  readonly differences?: readonly ClientDifference[];
  /**
   * Whether web identity is asked of STS at AWS's own address or by TLS alone, whatever `AWS_ENDPOINT_URL` says: then IRSA works with it
   * only where STS is AWS's.
   */
  readonly stsOfAwsAlone?: true;
  /** Where its maintainers say how it finds credentials. */
  readonly documentation: URL;
  /**
   * Makes its program ready in a folder of its own that is kept between runs. Undefined: the probe program does the operations
   * itself.
   *
   * @throws HarnessError CLIENT_NOT_INSTALLED: a version that there is not, a toolchain that is missing, no network
   */
  install(release: ClientRelease, context: InstallContext): Promise<InstalledClient | undefined>;
}

/** What a probe must meet with a client in place of what its scenario says; no less exact than that. */
export interface ClientDifference {
  readonly scenario: string;
  /** From 1, as reports have it. */
  readonly probe: number;
  readonly expected: ExpectedResult;
  /** In a sentence without an end. */
  readonly reason: string;
  /** Where that is documented. */
  readonly source: string;
}

export type ClientRelease = Pick<Client, 'name'> & { readonly version: string };

export interface InstallContext {
  /** Of this process: `PATH`, `XDG_CACHE_HOME`, settings of package managers. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
  /** Fires when the run is interrupted. */
  readonly signal: AbortSignal;
}

/** How a pod starts the client's program. */
export interface InstalledClient {
  /** Where all of it lies beside what the machine has; may be copied elsewhere. */
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
  /** What of this machine starts it, where it is not started by itself or by Node. */
  readonly runtime?: Runtime;
  /** Its program loads libraries of this machine. */
  readonly isLinkedDynamically?: true;
  /** Beside the environment of the pod. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Runtime {
  readonly name: 'python' | 'java';
  /** Its path. */
  readonly program: string;
  /** The folder that its `lib` lies in. */
  readonly home: string;
}

/** A client at a version, as the subject of a run. */
export interface ChosenClient {
  readonly client: Client;
  readonly version: string;
  /** Tells it from the others of the run: its name, and its version too where the run has several of it. */
  readonly label: string;
  /** From 0, among those of the run. */
  readonly ordinal: number;
  /** How pods start it: once it is installed. */
  readonly installed?: InstalledClient | undefined;
  /** Why it could not be installed: a sentence. */
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

/** Reading and writing an object: those of clients that are no SDKs. */
export const OBJECT_OPERATIONS: ReadonlySet<ClientOperation['do']> = new Set(['GetObject', 'PutObject']);

/** The same, and who the client is. */
export const IDENTITY_AND_OBJECT_OPERATIONS: ReadonlySet<ClientOperation['do']> = new Set([
  'GetCallerIdentity',
  ...OBJECT_OPERATIONS,
]);
