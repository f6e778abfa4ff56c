/** Runs a pod under load: checks its identity in rounds and writes the results to its termination message. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { verdictText, type LoadPlan, type LoadVerdict } from '../../foundation/protocols/load-protocol.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { roleOfSession } from '../../foundation/aws/role-arn.ts';
import { runOperation } from './operations.ts';
import { resultOfAgentAnswer, send } from './raw.ts';
import { readToken } from './tokens.ts';
import { flood } from './pipeline.ts';

const MOST_ANSWERS = 300;
const MOST_SESSIONS = 24;
/** SDKs wait a second for the agent; a raw request must wait longer. */
const ANSWER_MILLISECONDS = 10_000;

/**
 * Messages of Node, the agent and `diagnose.ts` for timeouts and broken connections, including an SDK without credentials
 * although the agent answers later.
 */
const LATE =
  /TIMEOUT|TimeoutError|ETIMEDOUT|ECONNRESET|EPIPE|socket hang up|deadline exceeded|Client\.Timeout|i\/o timeout|but the agent answers/;

interface Keys {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
}

/** Runs the plan and writes the verdict. Always exits with 0. */
export async function runLoad(plan: LoadPlan, file: string): Promise<void> {
  const pod = new PodUnderLoad(plan, process.env['LOAD_POD_NAME'] ?? '');
  if (plan.flood === undefined) await pod.rounds();
  else await pod.flood(plan.flood);
  writeFileSync(file, verdictText(pod.verdict()));
}

class PodUnderLoad {
  readonly #plan: LoadPlan;
  readonly #pod: string;
  readonly #known = new Map<string, boolean>();
  readonly #sessions = new Set<string>();
  readonly #errors = new Map<string, number>();
  readonly #wrongs: string[] = [];
  readonly #answers: number[] = [];
  #startedAt = performance.timeOrigin;
  #counts = { rounds: 0, granted: 0, wrong: 0, late: 0, lastErrorAt: 0 };
  #first: { credentials?: number; object?: number } = {};
  #hasWritten = false;
  #recovered = false;
  #isEnding = false;
  #flooded: Pick<LoadVerdict, 'statuses' | 'milliseconds'> = {};

  constructor(plan: LoadPlan, pod: string) {
    this.#plan = plan;
    this.#pod = pod;
    // Replaces the program's default, which would exit without a verdict.
    if (plan.untilEnded)
      process.removeAllListeners('SIGTERM').on('SIGTERM', () => {
        this.#isEnding = true;
      });
  }

  verdict(): LoadVerdict {
    return {
      pod: this.#pod,
      ...this.#counts,
      wrongs: this.#wrongs.slice(0, 5),
      errors: Object.fromEntries(this.#errors),
      ...this.#first,
      answers: this.#answers.slice(0, MOST_ANSWERS),
      sessions: [...this.#sessions].slice(0, MOST_SESSIONS),
      recovered: this.#recovered,
      ...this.#flooded,
    };
  }

  async rounds(): Promise<void> {
    const { rounds, furtherRounds, everySeconds, alignSeconds, untilEnded = false } = this.#plan;
    if (alignSeconds !== undefined) await this.#align(alignSeconds * 1000);
    const goesOn = (round: number): boolean =>
      (untilEnded && !this.#isEnding) || round < rounds + (this.#recovered ? 0 : furtherRounds);
    for (let round = 0; goesOn(round); round += 1) {
      const next = Date.now() + everySeconds * 1000;
      const before = this.#errorCount();
      await this.#round();
      this.#counts.rounds += 1;
      this.#recovered = this.#errorCount() === before;
      if (goesOn(round + 1)) await sleep(Math.max(0, next - Date.now()));
    }
  }

  async flood({ requests, seconds }: NonNullable<LoadPlan['flood']>): Promise<void> {
    const { url, authorization } = this.#agent();
    const { statuses, milliseconds } = await flood(url, authorization, requests, seconds * 1000);
    this.#flooded = { statuses: Object.fromEntries(statuses), milliseconds: Math.round(milliseconds) };
    this.#recovered = true;
  }

  async #align(milliseconds: number): Promise<void> {
    await sleep(milliseconds - (Date.now() % milliseconds));
    this.#startedAt = Date.now();
  }

  async #round(): Promise<void> {
    const fetched = await Promise.all(Array.from({ length: this.#plan.atOnce }, () => this.#fetch()));
    const keys = fetched.filter((one) => one !== undefined);
    for (const one of new Map(keys.map((pair) => [pair.AccessKeyId, pair])).values()) await this.#identify(one);
    this.#counts.granted += keys.filter(({ AccessKeyId }) => this.#known.get(AccessKeyId)).length;
    await this.#readObjects();
  }

  /** Calls the agent directly. The credentials never leave the process. */
  async #fetch(): Promise<Keys | undefined> {
    const requestedAt = performance.now();
    try {
      const { url, authorization } = this.#agent();
      const answer = await send(url, {
        method: 'GET',
        path: `${url.pathname}${url.search}`,
        headers: { authorization },
        timeout: ANSWER_MILLISECONDS,
      });
      const result = resultOfAgentAnswer(answer);
      if (result.outcome !== 'granted') return this.#error(result);
      this.#answers.push(Math.max(1, Math.round(performance.now() - requestedAt)));
      this.#first.credentials ??= Math.round(Date.now() - this.#startedAt);
      return JSON.parse(answer.body) as Keys;
    } catch (error) {
      const { code = 'failed', message } = error as NodeJS.ErrnoException;
      return this.#error({ outcome: 'refused', layer: 'agent', code, message });
    }
  }

  #agent(): { readonly url: URL; readonly authorization: string } {
    const uri = process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
    if (uri === undefined) throw Object.assign(new Error('nothing was injected'), { code: 'NoCredentialsSettings' });
    return { url: new URL(uri), authorization: readToken({ from: 'pod-identity' }) ?? '' };
  }

  /** Gets the identity from STS. Counts denials and errors too. */
  async #identify({
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
  }: Keys): Promise<void> {
    if (this.#known.has(accessKeyId)) return;
    try {
      const { arnOf } = await import('./sdk-s3.ts');
      this.#known.set(accessKeyId, this.#check(await arnOf({ accessKeyId, secretAccessKey, sessionToken })));
    } catch (error) {
      const { name, message } = error as Error;
      this.#error({ outcome: 'error', layer: 'sts', code: name, message });
    }
  }

  #check(arn: string): boolean {
    this.#sessions.add(arn.split('/').at(-1) ?? '');
    const isOwn = this.#plan.roles.includes(roleOfSession(arn) ?? '');
    if (!isOwn) this.#wrong(`the session is ${arn}`);
    return isOwn;
  }

  /** Uses the SDK's credential chain like an application, in each round. */
  async #readObjects(): Promise<void> {
    const { bucket, ownPrefix, otherPrefix } = this.#plan;
    const client = await import('./sdk-s3.ts');
    client.renewCredentials();
    const got = await runOperation(client, { do: 'GetObject', bucket, key: `${ownPrefix}/object` });
    if (got.identity !== undefined && !this.#check(got.identity.arn)) return;
    if (got.outcome === 'denied') return this.#wrong(`the session may not read ${ownPrefix}/object`);
    if (got.outcome !== 'granted') return void this.#error(got);
    this.#counts.granted += 1;
    this.#first.object ??= Math.round(Date.now() - this.#startedAt);
    if (this.#hasWritten) return;
    const key = `${ownPrefix}/${this.#pod}`;
    const [put, foreign] = [
      await runOperation(client, { do: 'PutObject', bucket, key }),
      await runOperation(client, { do: 'GetObject', bucket, key: `${otherPrefix}/object` }),
    ];
    if (put.outcome === 'denied') this.#wrong(`the session may not write ${key}`);
    else if (put.outcome !== 'granted') this.#error(put);
    if (foreign.outcome === 'granted' || foreign.outcome === 'absent')
      this.#wrong(`the session may read ${otherPrefix}/object`);
    else if (foreign.outcome !== 'denied') this.#error(foreign);
    this.#hasWritten = put.outcome === 'granted' && foreign.outcome === 'denied';
  }

  #wrong(what: string): void {
    this.#counts.wrong += 1;
    this.#wrongs.push(what);
  }

  #error({ layer, code, message, outcome }: ProbeResult): undefined {
    const kind = `${layer ?? 'client'} ${code ?? outcome}`;
    this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + 1);
    if (LATE.test(`${code} ${message}`)) this.#counts.late += 1;
    this.#counts.lastErrorAt = Date.now();
    return undefined;
  }

  #errorCount(): number {
    return [...this.#errors.values()].reduce((sum, count) => sum + count, 0);
  }
}
