/** The exceptions of AssumeRoleForPodIdentity in EKS Auth's API model, with their faults. */
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

/** Exceptions after which a refresh with the same token cannot succeed. */
const IRRECOVERABLE = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidTokenException',
  'ResourceNotFoundException',
]);

export class EksAuthError extends Error {
  readonly status: number;
  readonly requestId: string;
  /** Undefined if the response's body is not JSON. */
  readonly exception: { readonly code: string; readonly message: string } | undefined;

  constructor(status: number, requestId: string, exception?: { readonly code: string; readonly message: string }) {
    super(`EKS Auth answered ${status}${exception === undefined ? '' : ` ${exception.code}`}`);
    this.status = status;
    this.requestId = requestId;
    if (exception !== undefined) {
      // Names of modelled exceptions match in any case, and are written as in the model.
      const modelled = [...MODELLED.keys()].find((name) => name.toLowerCase() === exception.code.toLowerCase());
      this.exception = { code: modelled ?? exception.code, message: exception.message };
    }
  }

  get text(): string {
    if (this.exception === undefined) return `[${this.requestId}]`;
    const { code, message } = this.exception;
    return `[${this.requestId}]: (${code}): ${message}, fault: ${MODELLED.get(code) ?? 'unknown'}`;
  }

  get irrecoverable(): boolean {
    return this.exception !== undefined && IRRECOVERABLE.has(this.exception.code);
  }
}

/** EKS Auth gave no usable response. The message is for the pod. */
export class FetchError extends Error {}
/** A panic of the real agent: it dereferences a missing member, which ends the request. */
export class AgentPanic extends Error {}
