/**
 * The harness puts a `LoadPlan` as JSON into a Job's pod template (`LOAD_PLAN`); a pod writes its `LoadVerdict` into
 * the termination message, at most 4096 bytes (Kubernetes, "Determine the Reason for Pod Failure"). No secrets.
 */
export const TERMINATION_LOG = '/dev/termination-log';
/** Longest termination message of Kubernetes, in bytes. */
export const LONGEST_VERDICT = 4096;

export interface LoadPlan {
  /** ARNs of the permitted roles of sessions. */
  readonly roles: readonly string[];
  readonly bucket: string;
  /** Prefix of keys with the pod's own session tags: `<cluster>/<namespace>/<service account>`. */
  readonly own: string;
  /** The prefix of another service account, which must be denied. */
  readonly other: string;
  /** Concurrent requests to the agent in each round, besides the SDK's. */
  readonly atOnce: number;
  readonly rounds: number;
  readonly everySeconds: number;
  /** The first round begins at a time divisible by these seconds, so that pods begin together. */
  readonly alignSeconds?: number;
  readonly furtherRounds: number;
  /** Continues until SIGTERM, in a Deployment, for at least `rounds`. */
  readonly untilEnded?: true;
  /** Instead of rounds: repeatedly pipelines requests on one connection for so many seconds. */
  readonly flood?: { readonly requests: number; readonly seconds: number };
}

/** A pod's results. Times are milliseconds; counts are of answers. */
export interface LoadVerdict {
  readonly pod: string;
  readonly rounds: number;
  /** Correct answers: credentials of the pod's own identity, and its own object. */
  readonly granted: number;
  /** Answers with another identity or its permissions. */
  readonly wrong: number;
  /** Descriptions of the first of them. */
  readonly wrongs: readonly string[];
  readonly errors: Readonly<Record<string, number>>;
  /** Timeouts and broken connections among them. */
  readonly late: number;
  /** From the start of the process, or of a delayed first round, to the agent's first answer with credentials. */
  readonly credentials?: number;
  /** The same to the first object that an SDK has read. */
  readonly object?: number;
  /** The agent's time for each answer with credentials. */
  readonly answers: readonly number[];
  readonly sessions: readonly string[];
  /** Time of the last error, milliseconds since the epoch; 0: none. */
  readonly lastErrorAt: number;
  readonly recovered: boolean;
  /** A flood's answers by status, and its duration. */
  readonly statuses?: Readonly<Record<string, number>>;
  readonly milliseconds?: number;
}

/** A verdict as a termination message, with fewer times and sessions if necessary. */
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

/** The verdict in a termination message; undefined if missing or truncated. */
export function readVerdict(message: string | undefined): LoadVerdict | undefined {
  try {
    const verdict = JSON.parse(message ?? '') as LoadVerdict | null;
    return typeof verdict?.granted === 'number' && Array.isArray(verdict.answers) ? verdict : undefined;
  } catch {
    return undefined;
  }
}
