/** Load of an open-loop generator, vegeta: requests come at a constant rate, whether those before were answered or not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { cachedFolder } from '../../../components/clients/install/cached-folder.ts';
import { toolsFor } from '../../../components/clients/install/tool.ts';
import { credentialsOf, type PodCredentials } from './eks-auth.ts';

/** A host that the agent lets pass (components/agent/credentials/handler.ts). */
export const HOST = '169.254.170.23';

/** What makes the load. */
const VEGETA = { name: 'vegeta', version: 'v12.12.0' } as const;
const MODULE = 'github.com/tsenart/vegeta/v12';

/** Builds vegeta into the cache folder, once. Gives its path. Throws `HarnessError` CLIENT_NOT_INSTALLED. */
export async function installedVegeta(progress: (line: string) => void): Promise<string> {
  const context = { environment: process.env, progress, signal: new AbortController().signal };
  const tool = toolsFor(VEGETA, { needs: 'Go 1.24 or later', minutes: 30 }, context);
  const go = await tool(['go', 'env', 'GOVERSION', 'GOOS', 'GOARCH']);
  const make = async (part: string): Promise<unknown> => {
    const variables = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOBIN: join(part, 'bin') };
    return tool(['go', 'install', `${MODULE}@${VEGETA.version}`], { variables });
  };
  const folder = await cachedFolder(VEGETA, { files: [], ingredients: [go, MODULE], make }, context);
  return join(folder, 'bin', 'vegeta');
}

export interface LoadOrder {
  /** Path of vegeta. */
  readonly vegeta: string;
  /** Begins its command line. */
  readonly prefix?: readonly string[];
  /** For files of this load, which have tokens. */
  readonly folder: string;
  /** Of the agent's credentials endpoint. */
  readonly url: string;
  /** Of the pods, which take turns. */
  readonly tokens: readonly string[];
  /** Requests a second. */
  readonly rate: number;
  /** Requests in all. */
  readonly requests: number;
  /** Whether all of an answer is looked at, or the access key ID alone, which takes less memory and time. */
  readonly wholeAnswers?: boolean;
}

/** What a load met. */
export interface LoadResult {
  readonly requests: number;
  /** From the first request to the end of the last one. */
  readonly seconds: number;
  /** Answers by status; 0: none came. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers of status 200 that had credentials of another pod than the one whose token was sent, or none. */
  readonly wrongIdentities: number;
  /** Nanoseconds of each request, as an HDR histogram of three digits. */
  readonly latencies: RecordableHistogram;
  /** The first errors that kept requests from being answered. */
  readonly errors: readonly string[];
}

/** Longest that a request may take: more than the agent takes for three tries of EKS Auth. */
const TIMEOUT_SECONDS = 30;
const MOST_WORKERS = 2000;
/** `{"AccessKeyId":"ASIA0000000000000001"` */
const KEY_BYTES = 37;
const MOST_ERRORS = 3;

export async function load(order: LoadOrder): Promise<LoadResult> {
  const { vegeta, prefix = [], folder, url, tokens, rate, requests, wholeAnswers = false } = order;
  const [targets, results] = [join(folder, 'targets.json'), join(folder, 'results.bin')];
  const lines = tokens.map((token, number) =>
    // The agent looks at no query: it tells whose answer it is.
    JSON.stringify({ method: 'GET', url: `${url}?pod=${number}`, header: { Host: [HOST], Authorization: [token] } }),
  );
  writeFileSync(targets, `${lines.join('\n')}\n`, { mode: 0o600 });
  const [program = vegeta, ...args] = [...prefix, vegeta, 'attack', '-format', 'json'];
  const bounds = ['-rate', `${rate}/s`, '-duration', `${Math.round((requests / rate) * 1e9)}ns`];
  const limits = ['-timeout', `${TIMEOUT_SECONDS}s`, '-max-workers', String(MOST_WORKERS)];
  const kept = ['-max-body', wholeAnswers ? '-1' : String(KEY_BYTES)];
  const attack = spawn(program, [...args, ...bounds, ...limits, ...kept, '-targets', targets, '-output', results], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(attack, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`vegeta attack exited ${code}`);
  return read(vegeta, results, wholeAnswers);
}

/** A line of `vegeta encode --to json`. */
interface Hit {
  readonly code: number;
  readonly timestamp: string;
  /** Nanoseconds. */
  readonly latency: number;
  readonly error: string;
  /** In base64. */
  readonly body: string;
  readonly url: string;
}

async function read(vegeta: string, results: string, wholeAnswers: boolean): Promise<LoadResult> {
  const encoder = spawn(vegeta, ['encode', '-to', 'json', results], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(encoder, 'exit');
  const latencies = createHistogram({ figures: 3 });
  const statuses = new Map<number, number>();
  const errors = new Set<string>();
  let [requests, wrongIdentities, first, last] = [0, 0, Infinity, 0];
  for await (const line of createInterface({ input: encoder.stdout })) {
    const hit = JSON.parse(line) as Hit;
    const at = Date.parse(hit.timestamp);
    requests += 1;
    first = Math.min(first, at);
    last = Math.max(last, at + hit.latency / 1e6);
    latencies.record(Math.max(1, hit.latency));
    statuses.set(hit.code, (statuses.get(hit.code) ?? 0) + 1);
    if (hit.code === 0 && errors.size < MOST_ERRORS) errors.add(hit.error);
    if (hit.code === 200 && !isOwn(hit, wholeAnswers)) wrongIdentities += 1;
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`vegeta encode exited ${code}`);
  return { requests, seconds: (last - first) / 1000, statuses, wrongIdentities, latencies, errors: [...errors] };
}

/** Whether an answer has the credentials of the pod that asked. */
function isOwn({ url, body }: Hit, wholeAnswers: boolean): boolean {
  const own = credentialsOf(Number(new URL(url).searchParams.get('pod')));
  const answer = Buffer.from(body, 'base64').toString();
  if (!wholeAnswers) return answer === `{"AccessKeyId":"${own.AccessKeyId}"`;
  return isSame(own, answer);
}

function isSame(own: PodCredentials, answer: string): boolean {
  try {
    const got = JSON.parse(answer) as Partial<PodCredentials>;
    return (['AccessKeyId', 'SecretAccessKey', 'Token'] as const).every((name) => got[name] === own[name]);
  } catch {
    return false;
  }
}
