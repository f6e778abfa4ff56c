/** The calls that the harness itself made, retries included. */
export interface CallCounts {
  readonly total: number;
  /** Attempts that followed another of the same call. */
  readonly retries: number;
  /** Answers that a service gave since it was asked too often. */
  readonly throttled: number;
  /** By service and operation, such as `iam:CreateRole`, attempts counted. */
  readonly byOperation: Readonly<Record<string, number>>;
}
