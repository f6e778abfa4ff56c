import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../../faults/index.ts';
import { measurement, type Measurement } from '../measurement.ts';
import { findings, type Observed } from './findings.ts';
import { installedVegeta, load, type LoadResult } from './load.ts';
import { withAgent, type AgentBenchOptions } from './measure.ts';
import { podTokens } from './tokens.ts';

/** More than a small cache of a fault holds. */
const PODS = 24;
/** Of EKS Auth: long enough that requests of one pod meet, and shorter than the agent waits for it. */
const EKS_AUTH_MILLISECONDS = 500;
const COLD = { rate: 4000, requests: 8000 } as const;
const WARM = { rate: 2000, requests: 20_000 } as const;
const LIMITED = { rate: 3000, requests: 12_000 } as const;
const ATTEMPTS = 5;
const AFTER = { rate: 50, requests: 50 } as const;

/** Tries an agent without a fault, then one with each fault that load shows, and says which were noticed, by what. */
export async function benchFaults({
  dist,
  progress,
}: Pick<AgentBenchOptions, 'dist' | 'progress'>): Promise<readonly Measurement[]> {
  const vegeta = await installedVegeta(progress);
  const faults = loadFaults(dist);
  const sound = findings(await observe(dist, vegeta));
  progress(`no fault: ${sound.join('; ') || 'nothing found'}`);
  const noticed: string[] = [];
  const missed: string[] = [];
  for (const { name } of faults) {
    const found = findings(await observe(dist, vegeta, name));
    progress(`${name}: ${found.join('; ') || 'nothing found'}`);
    (found.length > 0 ? noticed : missed).push(`${name} (${found.join('; ') || 'nothing found'})`);
  }
  return [
    measurement('findings without a fault', sound.length, 'findings', 0, sound.join('; ') || 'nothing found'),
    measurement('faults that load shows', missed.length, 'missed', 0, [...missed, ...noticed].join('\n  ')),
  ];
}

function loadFaults(dist: string): readonly Fault[] {
  const catalogue = JSON.parse(readFileSync(join(dist, 'faults', 'catalogue.json'), 'utf8')) as readonly Fault[];
  return catalogue.filter(({ suite, subject }) => suite === 'load' && subject === 'agent');
}

/**
 * Makes a load until the limiter refused some of it: a machine that is too busy does not make all requests of one.
 *
 * @throws Error when none did
 */
async function beyondLimit(once: () => Promise<LoadResult>): Promise<LoadResult> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const result = await once();
    if (result.statuses.has(429)) return result;
  }
  throw new Error(
    `This machine could not make ${LIMITED.rate} requests a second in ${ATTEMPTS} tries: try again when it does less.`,
  );
}

async function observe(dist: string, vegeta: string, fault?: string): Promise<Observed> {
  const tokens = await podTokens(PODS);
  const faulty = fault === undefined ? {} : { fault };
  const wholeAnswers = true;
  const unlimited = await withAgent(
    { dist, limiter: false, ...faulty },
    async ({ agent, eksAuth, order }) => {
      const cold = await load({ ...order, ...COLD, vegeta, tokens, wholeAnswers });
      const before = await agent.usage();
      const warm = await load({ ...order, ...WARM, vegeta, tokens, wholeAnswers });
      const { heapUsed } = await agent.usage();
      return { cold, warm, calls: eksAuth.calls, heapPerRequest: (heapUsed - before.heapUsed) / warm.requests };
    },
    EKS_AUTH_MILLISECONDS,
  );
  const limited = await withAgent({ dist, ...faulty }, async ({ order }) => {
    const beyond = await beyondLimit(() => load({ ...order, ...LIMITED, vegeta, tokens, wholeAnswers }));
    await sleep(1000);
    return { limited: beyond, after: await load({ ...order, ...AFTER, vegeta, tokens, wholeAnswers }) };
  });
  return { ...unlimited, ...limited };
}
