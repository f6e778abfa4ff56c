/** Timeouts in milliseconds; shorter in tests. */
export interface Timing {
  /** First pause between polls; grows to `longestPause`. AWS is polled at most once a second. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** Between repeated reports of a status. */
  readonly report: number;
  /** For a new role (IAM User Guide, "Troubleshoot IAM": changes are not always immediately visible). */
  readonly role: number;
  /** For a name or resource in use, by a deletion or change in progress. */
  readonly inUse: number;
  /** For a DEGRADED add-on with nodes: its pods may be starting. */
  readonly degraded: number;
  /** For Auto Mode's nodes, which must go before the cluster. */
  readonly drain: number;
  /** Without any answer during deletion, after the SDK's own retries. */
  readonly away: number;
  /** For a deletion. A cluster in creation must finish first. */
  readonly deletion: number;
  /** For a new API server's DNS name and access entry. */
  readonly apiServer: number;
  /** The same, if there may be none. */
  readonly optionalApiServer: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const TIMING: Timing = {
  firstPause: SECOND,
  longestPause: 15 * SECOND,
  report: MINUTE,
  role: MINUTE,
  inUse: 5 * MINUTE,
  degraded: MINUTE,
  drain: 10 * MINUTE,
  away: 10 * SECOND,
  deletion: 30 * MINUTE,
  apiServer: 2 * MINUTE,
  optionalApiServer: 15 * SECOND,
};
