/**
 * The probe program: runs its plan with the SDK's default credential chain. Prints identities, outcomes, layers and codes,
 * but never a token, a key or a body that could contain one.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadPlan } from '../../foundation/protocols/load-protocol.ts';
import {
  REPORT_PREFIX,
  TOKENS_PREFIX,
  type PlannedProbe,
  type ProbePlan,
  type ProbeReport,
  type ProbeResult,
  type ProjectedToken,
} from '../../foundation/protocols/probe-protocol.ts';
import { watchRequests } from './diagnose.ts';
import { perform } from './handlers.ts';
import type { OperationClient } from './operations.ts';
import { retryUntilExpected } from './retry.ts';
import { describeTokens, projectedTokens } from './tokens.ts';

const PHASE_POLL_MILLISECONDS = 50;

async function main(): Promise<void> {
  const { LOAD_PLAN: load, LOAD_VERDICT_FILE: verdict } = process.env;
  if (load !== undefined && verdict !== undefined)
    return (await import('./load.ts')).runLoad(JSON.parse(load) as LoadPlan, verdict);
  const plan = JSON.parse(process.env['PROBE_PLAN'] ?? '{"phases":[]}') as ProbePlan;
  if (plan.phases.length > 0) {
    const tokens = projectedTokens();
    process.stdout.write(`${TOKENS_PREFIX}${JSON.stringify(describeTokens(tokens))}\n`);
    for (const [index, { phase, probes }] of plan.phases.entries()) {
      if (index > 0 || plan.deferred) await phaseOpened(phase);
      const openedAt = Date.now();
      for (const probe of probes)
        report(
          await retryUntilExpected(probe.retry, { openedAt, run: (isFirst) => run(plan, probe, tokens, isFirst) }),
        );
    }
  }
  if (plan.stays) await new Promise(() => setInterval(() => undefined, 3_600_000));
}

async function phaseOpened(phase: number): Promise<void> {
  const file = process.env['PROBE_PHASE_FILE'];
  if (file === undefined) throw new Error('PROBE_PHASE_FILE is not set, so later phases cannot be opened');
  for (;;) {
    if (readPhase(file) >= phase) return;
    await sleep(PHASE_POLL_MILLISECONDS);
  }
}

function readPhase(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').trim());
  } catch {
    return -1;
  }
}

let client: Promise<OperationClient> | undefined;

/** Loads the planned client, or this program's SDK, with S3 if the plan names a bucket. */
async function loadClient({ phases, client }: ProbePlan): Promise<OperationClient> {
  if (client !== undefined) {
    const { ClientProgram } = await import('./client-program.ts');
    const { inPodNetwork } = await import('./client-run/pod-network.ts');
    return new ClientProgram(await inPodNetwork(client), () => projectedTokens().values());
  }
  watchRequests();
  const usesS3 = phases.some(({ probes }) => probes.some(({ operation }) => 'bucket' in operation));
  return usesS3 ? import('./sdk-s3.ts') : import('./sdk.ts');
}

let lastEnd = 0;

async function run(
  plan: ProbePlan,
  { number, operation }: PlannedProbe,
  tokens: ReadonlyMap<ProjectedToken, string>,
  isFirst: boolean,
): Promise<ProbeReport> {
  // Calls are recorded with milliseconds. Wait, so that a call of the previous probe does not count as this one's.
  while (Date.now() <= lastEnd) await sleep(1);
  const startedAt = Date.now();
  let result: ProbeResult;
  try {
    if (!isFirst && client !== undefined) (await client).renewCredentials();
    result = await perform(operation, { tokens, client: () => (client ??= loadClient(plan)), planned: plan.client });
  } catch (error) {
    result = {
      outcome: 'error',
      message: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error',
    };
  }
  lastEnd = Date.now();
  return { number, startedAt, endedAt: lastEnd, ...result };
}

function report(result: ProbeReport): void {
  process.stdout.write(`${REPORT_PREFIX}${JSON.stringify(result)}\n`);
}

// By default, the first process of a container ignores signals.
process.on('SIGTERM', () => process.exit(143));

/** Sets the variables that the webhook sets in pods that it mutates. Others have no region, which SDKs need. */
function setRegion({ PROBE_REGION: region, AWS_REGION, AWS_DEFAULT_REGION }: NodeJS.ProcessEnv): void {
  if (region === undefined || AWS_REGION !== undefined || AWS_DEFAULT_REGION !== undefined) return;
  Object.assign(process.env, { AWS_REGION: region, AWS_DEFAULT_REGION: region });
}

/** Runs the plan's probes, or serves as a client, or sets up a client's network. */
async function dispatchRole(): Promise<void> {
  const [role, ...command] = process.argv.slice(2);
  if (role === 'client') {
    const { serveClient } = await import('../../foundation/protocols/serve-client.ts');
    return serveClient((await import('./sdk-s3.ts')).answer);
  }
  if (role === 'network') return (await import('./client-run/relay.ts')).relay(command);
  return main();
}

setRegion(process.env);
dispatchRole().then(
  () => end(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : 'the probe program failed'}\n`);
    end(1);
  },
);

/** Exits once all output is written, without waiting for the SDK's idle connections. */
function end(exitCode: number): void {
  process.stdout.write('', () => process.exit(exitCode));
}
