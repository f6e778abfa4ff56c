/** Causes of a missing or unusable cluster, and whether the usage or the environment is usually to blame. */
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
type Blame = 'usage' | 'environment';

/** An error in one sentence that names the value and says what to do, with a stable code. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;
  readonly blame: Blame;
  readonly left: string | undefined;

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
