/** The harness's own calls, including retries. */
export interface CallCounts {
  readonly total: number;
  /** Attempts after the first of a call. */
  readonly retries: number;
  readonly throttled: number;
  /** Attempts by service and operation, such as `iam:CreateRole`. */
  readonly byOperation: Readonly<Record<string, number>>;
}
