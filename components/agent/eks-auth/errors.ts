/** The exceptions of AssumeRoleForPodIdentity in EKS Auth's API model, and whose fault they are by it. */
const MODELLED: ReadonlyMap<string, 'client' | 'server'> = new Map([
  ['AccessDeniedException', 'client'],
  ['ExpiredTokenException', 'client'],
  ['InternalServerException', 'server'],
  ['InvalidParameterException', 'client'],
  ['InvalidRequestException', 'client'],
  ['InvalidTokenException', 'client'],
  ['ResourceNotFoundException', 'client'],
  ['ServiceUnavailableException', 'server'],
  ['ThrottlingException', 'client'],
]);

/** Those after which no refresh of the same token can succeed. */
const IRRECOVERABLE = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidTokenException',
  'ResourceNotFoundException',
]);

/** EKS Auth answered with an error status. */
export class EksAuthError extends Error {
  readonly status: number;
  readonly requestId: string;
  /** Absent where the answer's body was not JSON. */
  readonly exception: { readonly code: string; readonly message: string } | undefined;

  constructor(status: number, requestId: string, exception?: { readonly code: string; readonly message: string }) {
    super(`EKS Auth answered ${status}${exception === undefined ? '' : ` ${exception.code}`}`);
    this.status = status;
    this.requestId = requestId;
    if (exception !== undefined) {
      // A modelled exception is known by its name without regard to case, and goes by the model's spelling.
      const modelled = [...MODELLED.keys()].find((name) => name.toLowerCase() === exception.code.toLowerCase());
      this.exception = { code: modelled ?? exception.code, message: exception.message };
    }
  }

  /** What the agent hands to a pod. */
  get text(): string {
    if (this.exception === undefined) return `[${this.requestId}]`;
    const { code, message } = this.exception;
    return `[${this.requestId}]: (${code}): ${message}, fault: ${MODELLED.get(code) ?? 'unknown'}`;
  }

  get irrecoverable(): boolean {
    return this.exception !== undefined && IRRECOVERABLE.has(this.exception.code);
  }
}

/** No usable answer of EKS Auth. The message is what the agent hands to a pod. */
export class FetchError extends Error {}

/** A defect of the real agent: it dereferences a member that EKS Auth did not send, and the request dies. */
export class AgentPanic extends Error {}
