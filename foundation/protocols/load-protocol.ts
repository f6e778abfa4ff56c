/**
 * The harness puts a `LoadPlan` as JSON into a Job's pod template (`LOAD_PLAN`). A pod writes its `LoadVerdict` into
 * the termination message, at most 4096 bytes (Kubernetes, "Determine the Reason for Pod Failure"). No secrets.
 */
export const TERMINATION_LOG = '/dev/termination-log';
/** Kubernetes's limit of termination messages, in bytes. */
export const LONGEST_VERDICT = 4096;

export interface LoadPlan {
  /** ARNs of the roles that sessions may have. */
  readonly roles: readonly string[];
  readonly bucket: string;
  /** Prefix of keys that the pod's own session tags give access to: `<cluster>/<namespace>/<service account>`. */
  readonly ownPrefix: string;
  /** The prefix of another service account. Access must be denied. */
  readonly otherPrefix: string;
  /** Concurrent requests to the agent in each round, in addition to the SDK's. */
  readonly atOnce: number;
  readonly rounds: number;
  readonly everySeconds: number;
  /** The first round begins at a multiple of this many seconds, so that pods begin together. */
  readonly alignSeconds?: number;
  readonly furtherRounds: number;
  /** Continues until SIGTERM, for at least `rounds`. For Deployments. */
  readonly untilEnded?: true;
  /** Replaces the rounds: repeatedly pipelines `requests` on one connection, for `seconds`. */
  readonly flood?: { readonly requests: number; readonly seconds: number };
}

/** A pod's results. Times are in milliseconds; counts are numbers of answers. */
export interface LoadVerdict {
  readonly pod: string;
  readonly rounds: number;
  /** Correct answers, with credentials of the pod's own identity or its own object. */
  readonly granted: number;
  /** Answers with another identity or another identity's permissions. */
  readonly wrong: number;
  /** Descriptions of the first wrong answers. */
  readonly wrongs: readonly string[];
  readonly errors: Readonly<Record<string, number>>;
  /** How many of the errors are timeouts and broken connections. */
  readonly late: number;
  /** Time from the process's start, or that of a delayed first round, to the agent's first credentials. */
  readonly credentials?: number;
  /** Time from the same start until an SDK has read an object. */
  readonly object?: number;
  /** The agent's time for each answer with credentials. */
  readonly answers: readonly number[];
  readonly sessions: readonly string[];
  /** Time of the last error in milliseconds since the epoch, or 0 without errors. */
  readonly lastErrorAt: number;
  readonly recovered: boolean;
  /** Number of a flood's answers by status, and its duration. */
  readonly statuses?: Readonly<Record<string, number>>;
  readonly milliseconds?: number;
}

/** Returns a verdict as a termination message, with fewer times and sessions if necessary. */
export function verdictText(verdict: LoadVerdict): string {
  let text = JSON.stringify(verdict);
  for (let keep = 200; Buffer.byteLength(text) > LONGEST_VERDICT && keep > 0; keep = Math.floor(keep / 2))
    text = JSON.stringify({
      ...verdict,
      answers: verdict.answers.slice(0, keep),
      sessions: verdict.sessions.slice(0, Math.ceil(keep / 10)),
      wrongs: verdict.wrongs.slice(0, 2).map((wrong) => wrong.slice(0, 200)),
    });
  return text;
}

/** Returns the verdict in a termination message; undefined if missing or truncated. */
export function readVerdict(message: string | undefined): LoadVerdict | undefined {
  try {
    const verdict = JSON.parse(message ?? '') as LoadVerdict | null;
    return typeof verdict?.granted === 'number' && Array.isArray(verdict.answers) ? verdict : undefined;
  } catch {
    return undefined;
  }
}
