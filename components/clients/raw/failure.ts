/** Why an operation did not succeed, and whether another attempt may. */
export class Failure extends Error {
  /** The service's error code, or a name of the client's own where no service answered. */
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
  /** HTTP status of the service's answer. */
  readonly status?: number;
  readonly requestId?: string;
  readonly isTransient?: boolean;
  /** When the service answered, by its own clock. */
  readonly date?: string | undefined;
}
