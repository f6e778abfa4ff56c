/** The harness's own calls, including retries. */
export interface CallCounts {
  readonly total: number;
  /** Attempts after a call's first one. */
  readonly retries: number;
  readonly throttled: number;
  /** Attempts by service and operation, such as `iam:CreateRole`. */
  readonly byOperation: Readonly<Record<string, number>>;
}
