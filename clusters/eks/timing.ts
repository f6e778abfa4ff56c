/** Timeouts in milliseconds; shorter in tests. */
export interface Timing {
  /** First pause between polls, at least a second for AWS; grows to `longestPause`. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** Interval between reports of the same status. */
  readonly report: number;
  /** Time until a new role is visible everywhere (IAM User Guide, "Troubleshoot IAM"). */
  readonly role: number;
  /** Limit while a deletion or change uses a name or resource. */
  readonly inUse: number;
  /** Limit for a DEGRADED add-on with nodes, whose pods may be starting. */
  readonly degraded: number;
  /** Limit for the removal of Auto Mode's nodes before the cluster. */
  readonly drain: number;
  /** Limit without any response during a deletion, after the SDK's own retries. */
  readonly away: number;
  /** Limit for a deletion, including the wait for a pending creation. */
  readonly deletion: number;
  /** Limit until a new API server's DNS name and access entry work. */
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
