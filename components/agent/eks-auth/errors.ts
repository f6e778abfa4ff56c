/** The exceptions of AssumeRoleForPodIdentity in EKS Auth's API reference. */
const MODELLED = [
  'AccessDeniedException',
  'ExpiredTokenException',
  'InternalServerException',
  'InvalidParameterException',
  'InvalidRequestException',
  'InvalidTokenException',
  'ResourceNotFoundException',
  'ServiceUnavailableException',
  'ThrottlingException',
];

/** Those after which no refresh of the same token can succeed. */
const IRRECOVERABLE = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidTokenException',
  'ResourceNotFoundException',
]);

/** Those that the model blames on the service. */
const FAULTS_OF_THE_SERVICE = new Set(['InternalServerException', 'ServiceUnavailableException']);

/** EKS Auth answered with an error status, or not at all: then the status is 500 and the request id empty. */
export class EksAuthError extends Error {
  readonly status: number;
  readonly requestId: string;
  /** Absent where the answer's body was not JSON. */
  readonly exception: { readonly code: string; readonly message: string } | undefined;

  constructor(
    status: number,
    requestId: string,
    exception?: { readonly code: string; readonly message: string },
    message?: string,
  ) {
    super(message ?? `EKS Auth answered ${status}${exception === undefined ? '' : ` ${exception.code}`}`);
    this.status = status;
    this.requestId = requestId;
    if (exception !== undefined) {
      // A modelled exception is known by its name without regard to case, and goes by the model's spelling.
      const modelled = MODELLED.find((name) => name.toLowerCase() === exception.code.toLowerCase());
      this.exception = { code: modelled ?? exception.code, message: exception.message };
    }
  }

  /** What the agent hands to a pod. */
  get text(): string {
    if (this.exception === undefined) return `[${this.requestId}]`;
    const { code, message } = this.exception;
    return `[${this.requestId}]: (${code}): ${message}, fault: ${faultOf(code)}`;
  }

  /**
   * That EKS Auth did not answer. The agent tells a pod the request id that it does not have, and no more; the cause is
   * for its log.
   */
  static unanswered(cause: string): EksAuthError {
    return new EksAuthError(500, '', undefined, cause);
  }

  get irrecoverable(): boolean {
    return this.exception !== undefined && IRRECOVERABLE.has(this.exception.code);
  }
}

function faultOf(code: string): string {
  if (!MODELLED.includes(code)) return 'unknown';
  return FAULTS_OF_THE_SERVICE.has(code) ? 'server' : 'client';
}

/** No usable answer of EKS Auth. The message is what the agent hands to a pod. */
export class FetchError extends Error {}

/** A defect of the real agent: it dereferences a member that EKS Auth did not send, and the request dies. */
export class AgentPanic extends Error {}
