/** Timeouts in milliseconds; shorter in tests. */
export interface Timing {
  /** First pause between polls, at least a second for AWS; grows to `longestPause`. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** Between repeated reports of the same status. */
  readonly report: number;
  /** Until a new role is visible everywhere (IAM User Guide, "Troubleshoot IAM"). */
  readonly role: number;
  /** For a name or resource in use by a deletion or change in progress. */
  readonly inUse: number;
  /** For a DEGRADED add-on with nodes, whose pods may be starting. */
  readonly degraded: number;
  /** For Auto Mode's nodes, which must be removed before the cluster. */
  readonly drain: number;
  /** Without any response during deletion, after the SDK's own retries. */
  readonly away: number;
  /** For a deletion, including the wait for a pending creation. */
  readonly deletion: number;
  /** For a new API server's DNS name and access entry. */
  readonly apiServer: number;
  /** The same, if the cluster may lack an API server. */
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
