/**
 * What the harness and pods under load say to each other. The harness puts a `LoadPlan` as JSON into a Job's pod template
 * (`LOAD_PLAN`); a pod writes its `LoadVerdict` as JSON into the file of `LOAD_VERDICT_FILE`, its termination message
 * (Kubernetes, "Determine the Reason for Pod Failure": 4096 bytes). Neither ever holds a secret.
 */
export const TERMINATION_LOG = '/dev/termination-log';

/** Longest that Kubernetes keeps of a termination message, in bytes. */
export const LONGEST_VERDICT = 4096;

/** What pods of one service account do. */
export interface LoadPlan {
  /** ARNs of roles: each session must be one of these. */
  readonly roles: readonly string[];
  readonly bucket: string;
  /** What keys of the pod's own session tags begin with: `<cluster>/<namespace>/<service account>`. */
  readonly own: string;
  /** The same of another service account, which must be denied. */
  readonly other: string;
  /** Requests to the agent that are sent at once in each round, beside that of the SDK. */
  readonly atOnce: number;
  readonly rounds: number;
  /** Seconds from the start of a round to that of the next. */
  readonly everySeconds: number;
  /** The first round begins when the clock's seconds can be divided by this, so that pods begin together. */
  readonly alignSeconds?: number;
  /** Rounds that are added while the last one had an error: for what comes back after a disturbance. */
  readonly furtherRounds: number;
  /** Rounds go on until the pod is told to end (SIGTERM), as those of a Deployment do; it then has had so many `rounds` at least. */
  readonly untilEnded?: true;
  /** In place of rounds: requests that are written to one connection, again and again for so many seconds. */
  readonly flood?: { readonly requests: number; readonly seconds: number };
}

/** What a pod met. Times are milliseconds; counts are of answers. */
export interface LoadVerdict {
  readonly pod: string;
  readonly rounds: number;
  /** Answers that were right: credentials of the pod's own identity, and its own object. */
  readonly granted: number;
  /** Answers of another identity, and what another identity may alone. */
  readonly wrong: number;
  /** What was wrong with the first of them. */
  readonly wrongs: readonly string[];
  /** Other answers, by layer and code: `agent 500`. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of those, requests that were not answered in time, or whose connection broke. */
  readonly late: number;
  /** From the start of the process, or of the first round where that waited, to the agent's first answer with credentials. */
  readonly credentials?: number;
  /** The same to the first object that an SDK has read. */
  readonly object?: number;
  /** How long the agent took for each answer with credentials. */
  readonly answers: readonly number[];
  /** Names of the sessions that it was given. */
  readonly sessions: readonly string[];
  /** When the last error came, milliseconds since the epoch; 0: none did. */
  readonly lastErrorAt: number;
  /** The last round had no error. */
  readonly recovered: boolean;
  /** Of a flood: answers by their status, and how long it took. */
  readonly statuses?: Readonly<Record<string, number>>;
  readonly milliseconds?: number;
}

/** A verdict as a termination message: with fewer of its times and sessions where it would be cut off. */
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

/** The verdict in a termination message; undefined where there is none that is whole. */
export function readVerdict(message: string | undefined): LoadVerdict | undefined {
  try {
    const verdict = JSON.parse(message ?? '') as LoadVerdict | null;
    return typeof verdict?.granted === 'number' && Array.isArray(verdict.answers) ? verdict : undefined;
  } catch {
    return undefined;
  }
}
