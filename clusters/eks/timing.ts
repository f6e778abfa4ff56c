/** How long things of AWS are waited for, in milliseconds. Tests wait less. */
export interface Timing {
  /** Between the first two looks at a status; grows to `longestPause`. AWS is never looked at more than once a second. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** Between two lines that tell of the same status. */
  readonly report: number;
  /** A new role that EKS does not know yet (IAM User Guide, "Troubleshoot IAM": changes are not always immediately visible). */
  readonly role: number;
  /** A name, or a thing, that EKS or IAM says is in use: by what was just deleted, or by a change under way. */
  readonly inUse: number;
  /** An add-on that is DEGRADED after the nodes are there: its pods may be starting. */
  readonly degraded: number;
  /** Nodes of Auto Mode that are to go before their cluster does. */
  readonly drain: number;
  /** Without any answer, while something is being deleted: the clients have tried for half a minute by then. */
  readonly away: number;
  /** Until what is being deleted is gone. Before that, a cluster that is being made must be done. */
  readonly deletion: number;
  /** An API server whose cluster is ACTIVE: its name is new to DNS, and the creator's access entry to it. */
  readonly apiServer: number;
  /** The same, where it may be that there is none. */
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
