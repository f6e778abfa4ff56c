import type { V1Pod } from '@kubernetes/client-node';
import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { hasStatus } from '../../foundation/protocols/kubernetes-connection.ts';
import { poll } from '../../foundation/node/poll.ts';
import { REPORT_PREFIX, TOKENS_PREFIX, type ProbeReport } from '../../foundation/protocols/probe-protocol.ts';
import { PROBE_CONTAINER } from './pod-manifest.ts';
import { statusesOf } from '../kubernetes-client/pod-watcher.ts';
import type { ProvisionedCluster } from '../scenario/scenario-context.ts';

/** Queue of reports in order of arrival. Readers wait for enough reports, or a failure. */
export class Inbox {
  readonly #expected: number;
  readonly #onFirst: () => void;
  readonly #waiting: ProbeReport[] = [];
  readonly #seen = new Set<number>();
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(expected: number, onFirst: () => void) {
    this.#expected = expected;
    this.#onFirst = onFirst;
  }

  /** Adds a report. Ignores repeated ones (a log is followed again) and undefined (a truncated line). */
  put(report: ProbeReport | undefined): void {
    if (report === undefined || this.#seen.has(report.number)) return;
    if (this.#seen.size === 0) this.#onFirst();
    this.#seen.add(report.number);
    this.#waiting.push(report);
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  get complete(): boolean {
    return this.#seen.size >= this.#expected;
  }

  async take(count: number): Promise<readonly ProbeReport[]> {
    while (this.#waiting.length < count) {
      if (this.#failure !== undefined) throw this.#failure as Error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#waiting.splice(0, count);
  }
}

const RETRY_MILLISECONDS = 100;

/**
 * Reads the log of a pod until it has all reports. If the stream ends before the container does (a busy kubelet, a
 * broken connection), follows the log again from its beginning.
 */
export async function collectReports(
  { pods, kubernetes }: ProvisionedCluster,
  namespace: string,
  name: string,
  inbox: Inbox,
  release: () => void,
  signal: AbortSignal,
): Promise<void> {
  const follow = async (): Promise<true | undefined> => {
    // Checked before the log is read, because a log is complete only if its container has ended.
    const ended = pods.ended(namespace, name, PROBE_CONTAINER);
    const otherLines: string[] = [];
    const take = (line: string): void => {
      release();
      if (line.startsWith(REPORT_PREFIX)) inbox.put(reportOf(line));
      else if (!line.startsWith(TOKENS_PREFIX) && otherLines.length < 5) otherLines.push(line);
    };
    await untilStreamEnds(kubernetes.followLog(namespace, name, PROBE_CONTAINER, take, signal));
    if (inbox.complete) return true;
    if (!ended) return undefined;
    const logExcerpt = otherLines.length > 0 ? `. Its log: ${otherLines.join(' | ')}` : '';
    throw new HarnessError(
      'POD_FAILED',
      `Pod ${namespace}/${name} ended (${describeEnd(ended)}) before all its probes had reported${logExcerpt}.`,
    );
  };
  try {
    await pods.started(namespace, name, PROBE_CONTAINER, signal);
    await poll(follow, { every: RETRY_MILLISECONDS, signal, what: `the reports of pod ${namespace}/${name}` });
  } catch (error) {
    inbox.fail(signal.aborted ? signal.reason : error);
  } finally {
    release();
  }
}

function reportOf(line: string): ProbeReport | undefined {
  try {
    return JSON.parse(line.slice(REPORT_PREFIX.length)) as ProbeReport;
  } catch {
    return undefined;
  }
}

/** Kinds of errors after which no request can succeed. */
const CREDENTIALS = ['no-credentials', 'expired-credentials', 'bad-credentials'];

/** Ignores errors that a retry may fix, because a kubelet reports containers before it can read their log. */
async function untilStreamEnds(following: Promise<void>): Promise<void> {
  try {
    await following;
  } catch (error) {
    if (hasStatus(error, 401, 403, 404)) throw error;
    if (CREDENTIALS.includes(awsProblem(error)?.kind ?? '')) throw error;
  }
}

function describeEnd(pod: V1Pod): string {
  const state = statusesOf(pod).find((status) => status.name === PROBE_CONTAINER)?.state?.terminated;
  return state ? `${state.reason ?? pod.status?.phase}, exit code ${state.exitCode}` : (pod.status?.phase ?? 'unknown');
}
