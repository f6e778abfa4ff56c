/** Why a cluster cannot be had or used; each is a cause that a user can act on. */
export type ClusterErrorCode =
  | 'DOCKER_MISSING'
  | 'DOCKER_NOT_RUNNING'
  | 'KIND_MISSING'
  | 'NO_DISK_SPACE'
  | 'NAME_TAKEN'
  | 'IMAGE_MISSING'
  | 'IMAGE_BROKEN'
  | 'NODE_NOT_READY'
  | 'AGENT_NOT_READY'
  | 'WEBHOOK_NOT_READY'
  | 'BAD_KUBECONFIG'
  | 'CLUSTER_UNREACHABLE'
  | 'NOT_OURS'
  | 'AWS_FAILED'
  | 'CLUSTER_NOT_FOUND'
  | 'CLUSTER_NOT_ACTIVE'
  | 'CLUSTER_IN_USE'
  | 'NO_ACCESS'
  | 'NO_SUBNETS'
  | 'NOT_OFFERED'
  | 'LEFT_BEHIND'
  | 'CLUSTER_FAILED';

/** One sentence that names the value and says what to do, with a stable code. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;
  /** `usage`: the user named something wrong (exit code 2); `environment`: something failed (exit code 3). */
  readonly blame: 'usage' | 'environment';
  /** What was made and is still there, as a sentence. */
  readonly left: string | undefined;

  constructor(
    code: ClusterErrorCode,
    blame: 'usage' | 'environment',
    message: string,
    options?: { readonly cause?: unknown; readonly left?: string },
  ) {
    super(message, options);
    this.code = code;
    this.blame = blame;
    this.left = options?.left ?? (code === 'LEFT_BEHIND' ? message : undefined);
  }
}
