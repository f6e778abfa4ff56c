export class Failure extends Error {
  /** The service's error code, or a code of this client. */
  readonly code: string;
  readonly details: FailureDetails;

  constructor(code: string, message: string, details: FailureDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

interface FailureDetails {
  readonly service?: 's3' | 'sts';
  readonly status?: number;
  readonly requestId?: string;
  readonly isTransient?: boolean;
  /** The response's time on the service's clock. */
  readonly date?: string | undefined;
}
