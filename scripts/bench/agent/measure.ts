import { setTimeout as sleep } from 'node:timers/promises';
import { inTemporaryFolder } from '../../temporary-folder.ts';
import { measurement, type Measurement } from '../measurement.ts';
import { onCore, startAgentProcess, type AgentOrder, type AgentProcess, type AgentUsage } from './agent-process.ts';
import { startEksAuth, type LoadEksAuth } from './eks-auth.ts';
import { letThrough } from './findings.ts';
import { installedVegeta, load, type LoadOrder, type LoadResult } from './load.ts';
import { podTokens } from './tokens.ts';

export interface AgentBenchOptions {
  /** The built package. */
  readonly dist: string;
  /** Requests with the limiter off. */
  readonly requests: number;
  readonly progress: (line: string) => void;
}

/** Answers a second that one core should give, and in how many milliseconds 99 of 100. */
const TARGET = { perSecond: 4000, p99: 20 } as const;
/** A little more is asked than must be answered. */
const RATE = 1.05 * TARGET.perSecond;
const PODS = 60;
/** Ahead of what is measured: credentials are cached, and hot code is compiled. */
const WARM_UP = 20_000;
const SAMPLES = 10;
/** With the limiter on: requests a second, and in all. */
const LIMITED = { rate: 3000, requests: 30_000 } as const;

/** The reference agent alone, in a process of its own on one core, under requests at a constant rate. */
export async function benchAgent({ dist, requests, progress }: AgentBenchOptions): Promise<readonly Measurement[]> {
  const vegeta = await installedVegeta(progress);
  const tokens = await podTokens(PODS);
  const off = await withAgent({ dist, limiter: false }, async ({ agent, order }) => {
    await load({ ...order, vegeta, tokens, rate: RATE / 4, requests: WARM_UP });
    const before = await agent.usage();
    const over = new AbortController();
    const samples = sampled(agent, (requests / RATE / SAMPLES) * 1000, over.signal);
    const result = await load({ ...order, vegeta, tokens, rate: RATE, requests }).finally(() => over.abort());
    const after = await agent.usage();
    return { result, before, after, samples: await samples };
  });
  progress(`limiter off: ${told(off.result)}`);
  const on = await withAgent({ dist }, ({ order }) => load({ ...order, vegeta, tokens, ...LIMITED }));
  progress(`limiter on: ${told(on)}`);
  return [...ofUnlimited(off, requests), ofLimited(on), ofIdentities([off.result, on])];
}

interface WithAgent {
  readonly agent: AgentProcess;
  readonly eksAuth: LoadEksAuth;
  /** What each load of it has in common. */
  readonly order: Pick<LoadOrder, 'folder' | 'url' | 'prefix'>;
}

/** Starts an agent, and an EKS Auth that takes so many milliseconds for an answer, for as long as the work takes. */
export function withAgent<T>(
  options: Pick<AgentOrder, 'dist' | 'limiter' | 'fault'>,
  work: (started: WithAgent) => Promise<T>,
  milliseconds = 0,
): Promise<T> {
  return inTemporaryFolder('conformance-bench-', async (folder) => {
    const eksAuth = await startEksAuth(milliseconds);
    try {
      const agent = await startAgentProcess({ ...options, folder, eksAuth: eksAuth.url });
      const order = { folder, url: agent.url, prefix: onCore(1) };
      return await work({ agent, eksAuth, order }).finally(() => agent.stop());
    } finally {
      await eksAuth.close();
    }
  });
}

/** What the agent used, so many milliseconds apart, until the signal fires. */
async function sampled(agent: AgentProcess, every: number, signal: AbortSignal): Promise<readonly AgentUsage[]> {
  const samples: AgentUsage[] = [];
  while (!signal.aborted) {
    await sleep(every, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) samples.push(await agent.usage(false));
  }
  return samples;
}

interface Unlimited {
  readonly result: LoadResult;
  readonly before: AgentUsage;
  readonly after: AgentUsage;
  readonly samples: readonly AgentUsage[];
}

function ofUnlimited({ result, before, after, samples }: Unlimited, requests: number): readonly Measurement[] {
  const answered = result.statuses.get(200) ?? 0;
  const micros = ((after.seconds - before.seconds) / result.requests) * 1e6;
  const megabytes = (of: 'rss' | 'heapUsed', all: readonly AgentUsage[]): string =>
    all.map((one) => (one[of] / 2 ** 20).toFixed(1)).join(', ');
  return [
    measurement(
      'agent, cached answers, limiter off',
      answered / result.seconds,
      'per second',
      TARGET.perSecond,
      `${requests} requests of ${PODS} pods at ${RATE} a second, one core; ${told(result)}; ${micros.toFixed(0)} µs of processor time each, so ${Math.round(1e6 / micros)} a second at most`,
    ),
    measurement('the same, 99 of 100', result.latencies.percentile(99) / 1e6, 'ms', TARGET.p99, latencies(result)),
    measurement(
      "the agent's heap at the end, of that at the beginning",
      (100 * after.heapUsed) / before.heapUsed,
      '%',
      110,
      `MB after garbage collection: ${megabytes('heapUsed', [before, after])}; resident meanwhile: ${megabytes('rss', samples)}`,
    ),
  ];
}

function ofLimited(result: LoadResult): Measurement {
  const passed = result.statuses.get(200) ?? 0;
  const documented = letThrough(result);
  return measurement(
    'limiter on: off what is documented',
    (100 * Math.abs(passed - documented)) / documented,
    '%',
    5,
    `${told(result)} at ${LIMITED.rate} a second: ${passed} passed, and 500 + 1,000 a second are ${Math.round(documented)}`,
  );
}

const ofIdentities = (results: readonly LoadResult[]): Measurement =>
  measurement(
    'answers with the wrong identity',
    results.reduce((sum, { wrongIdentities }) => sum + wrongIdentities, 0),
    'answers',
    0,
    'the access key ID of each answer is that of the pod whose token was sent',
  );

/** `40000 requests in 10.0 s: 40000 200` */
const told = ({ requests, seconds, statuses, errors }: LoadResult): string =>
  `${requests} requests in ${seconds.toFixed(1)} s: ${[...statuses].map(([status, count]) => `${count} ${status || 'without an answer'}`).join(', ')}${errors.map((error) => ` (${error})`).join('')}`;

const latencies = ({ latencies: histogram }: LoadResult): string =>
  [50, 99, 99.9, 100].map((part) => `p${part} ${(histogram.percentile(part) / 1e6).toFixed(1)} ms`).join(', ');
