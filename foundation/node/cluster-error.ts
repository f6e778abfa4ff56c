/** Why a cluster cannot be had or used, each a cause that a user can act on, and whose it is most often. */
const CODES = {
  DOCKER_MISSING: 'environment',
  DOCKER_NOT_RUNNING: 'environment',
  KIND_MISSING: 'environment',
  NO_DISK_SPACE: 'environment',
  NAME_TAKEN: 'environment',
  IMAGE_MISSING: 'usage',
  IMAGE_BROKEN: 'usage',
  NODE_NOT_READY: 'environment',
  AGENT_NOT_READY: 'environment',
  WEBHOOK_NOT_READY: 'environment',
  BAD_KUBECONFIG: 'usage',
  CLUSTER_UNREACHABLE: 'usage',
  NOT_OURS: 'usage',
  AWS_FAILED: 'environment',
  CLUSTER_NOT_FOUND: 'usage',
  CLUSTER_NOT_ACTIVE: 'usage',
  CLUSTER_IN_USE: 'environment',
  NO_ACCESS: 'usage',
  NO_SUBNETS: 'usage',
  NOT_OFFERED: 'usage',
  LEFT_BEHIND: 'environment',
  CLUSTER_FAILED: 'environment',
} as const satisfies Readonly<Record<string, Blame>>;
export type ClusterErrorCode = keyof typeof CODES;

/** `usage`: the user named something wrong (exit code 2); `environment`: something failed (exit code 3). */
type Blame = 'usage' | 'environment';

/** One sentence that names the value and says what to do, with a stable code. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;
  readonly blame: Blame;
  /** What was made and is still there, as a sentence. */
  readonly left: string | undefined;

  /** `blame` where it is not as it is most often. */
  constructor(
    code: ClusterErrorCode,
    message: string,
    options?: { readonly blame?: Blame; readonly cause?: unknown; readonly left?: string },
  ) {
    super(message, options);
    this.code = code;
    this.blame = options?.blame ?? CODES[code];
    this.left = options?.left ?? (code === 'LEFT_BEHIND' ? message : undefined);
  }
}
