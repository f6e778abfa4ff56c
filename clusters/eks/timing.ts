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
  /** How long Auto Mode's nodes may take to disappear before the cluster is deleted. */
  readonly drain: number;
  /** How long a deletion may go without any response, after the SDK's own retries. */
  readonly away: number;
  /** How long a deletion may take, including the wait for a pending creation. */
  readonly deletion: number;
  /** How long a new API server's DNS name and access entry may take to work. */
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
