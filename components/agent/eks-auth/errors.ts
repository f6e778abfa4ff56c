/** The exceptions of AssumeRoleForPodIdentity in EKS Auth's API model, with their fault. */
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

/** After these, no refresh of the same token can succeed. */
const IRRECOVERABLE = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidTokenException',
  'ResourceNotFoundException',
]);

export class EksAuthError extends Error {
  readonly status: number;
  readonly requestId: string;
  /** Absent if the answer's body was not JSON. */
  readonly exception: { readonly code: string; readonly message: string } | undefined;

  constructor(status: number, requestId: string, exception?: { readonly code: string; readonly message: string }) {
    super(`EKS Auth answered ${status}${exception === undefined ? '' : ` ${exception.code}`}`);
    this.status = status;
    this.requestId = requestId;
    if (exception !== undefined) {
      // Names of modelled exceptions match in any case, and are spelt as in the model.
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

/** No usable answer of EKS Auth, with the message for the pod. */
export class FetchError extends Error {}
/** A defect of the real agent: it dereferences a missing member, and the request ends. */
export class AgentPanic extends Error {}
