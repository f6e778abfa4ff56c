import type { Facts } from '../../foundation/protocols/client-run.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import { heldAgainstRecord } from './aws-record.ts';
import { figuresOf } from './figures.ts';
import { UNSEEN, type EndedPod, type RunningLoad } from '../scenario/running-load.ts';

export interface VerdictOptions {
  /** Whether the fact `sessionsPerPod` is required. */
  readonly sessions?: boolean;
  /** Minimum rate of answers in a flood, per second, that is conclusive about a limit. */
  readonly perSecond?: number;
  /** Maximum times in milliseconds, by fact, such as `credentialsP99`. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** Returns the verdict for the first problem: a wrong identity, a missing verdict, lateness. */
export async function verdictOf(
  context: ScenarioContext,
  running: RunningLoad,
  pods: readonly EndedPod[],
  { sessions, perSecond = 0, limits = {} }: VerdictOptions,
): Promise<ProbeResult> {
  const { startedAt, recoversFrom } = running;
  const figures = figuresOf(pods, running.pods, recoversFrom);
  const record = heldAgainstRecord(context, pods, startedAt);
  const ofOthers = record?.ofOthers ?? [];
  const given = sessionsPerPod(pods);
  const facts: Facts = {
    ...figures,
    wrongIdentities: Number(figures['wrongIdentities']) + ofOthers.length,
    ...(record && { sessionsInRecord: record.sessions, callsPerPod: rounded(record.calls / running.pods) }),
    ...(given !== undefined && { sessionsPerPod: given }),
    ...(await usageFacts(running)),
  };
  const wrongs = [...ofOthers, ...pods.flatMap(({ verdict }) => verdict?.wrongs ?? [])];
  const resultWith = (outcome: ProbeResult['outcome'], message: string): ProbeResult => ({ outcome, message, facts });
  if (facts['wrongIdentities'] !== 0)
    return resultWith(
      'refused',
      `${facts['wrongIdentities']} answers had another identity: ${wrongs.slice(0, 3).join('; ')}.`,
    );
  const lost = pods.filter(({ verdict }) => verdict === undefined);
  const [first] = lost;
  if (first !== undefined) {
    // A pod whose last state was missed may have had a verdict.
    const isUnknown = lost.every(({ end }) => end.includes('DeadlineExceeded') || end === UNSEEN);
    const outcome = isUnknown ? 'error' : 'refused';
    return resultWith(
      outcome,
      `${lost.length} of ${running.pods} pods have no verdict, such as ${first.name} (${first.end}).`,
    );
  }
  // A client with retries, such as an SDK, recovers.
  if (Number(facts['late']) > 0 && facts['notRecovered'] !== 0)
    return resultWith('error', `${facts['late']} requests timed out: the subject or this machine is too slow.`);
  if (sessions === true && given === undefined)
    return resultWith('error', `No pod was answered within ${PATIENCE} ms, so the rate of EKS Auth calls is unknown.`);
  const rate = Number(facts['grantedPerSecond'] ?? 0) + Number(facts['refusedPerSecond'] ?? 0);
  if (rate < perSecond)
    return resultWith(
      'error',
      `Only ${rate} requests a second were answered instead of at least ${perSecond}: this machine is too busy.`,
    );
  const [slow] = Object.entries(limits).filter(([fact, limit]) => Number(facts[fact]) > limit);
  if (slow !== undefined)
    return resultWith('error', `${slow[0]} is ${Number(facts[slow[0]])} ms, but at most ${slow[1]} ms is expected.`);
  return { outcome: 'granted', facts };
}

/** Milliseconds: the agent's timeout for EKS Auth. Other requests of the pod wait for 1.8 s (eks-pod-identity-agent). */
export const PATIENCE = 1000;

/** Returns the average sessions of pods whose first answer came before a retry of the agent; undefined without such pods. */
function sessionsPerPod(pods: readonly EndedPod[]): number | undefined {
  const quick = pods.flatMap(({ verdict }) =>
    verdict && (verdict.answers[0] ?? PATIENCE) < PATIENCE ? [verdict] : [],
  );
  if (quick.length === 0) return undefined;
  return rounded(quick.reduce((sum, { sessions }) => sum + sessions.length, 0) / quick.length);
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

async function usageFacts({ usage }: RunningLoad): Promise<Facts> {
  const used = await usage();
  if (used === undefined) return {};
  const { before, now, peak } = used;
  const mebibytes = (bytes: number): number => Math.round(bytes / 1024 ** 2);
  return {
    agentCpuSeconds: Math.round(Math.max(0, now.cpuSeconds - before.cpuSeconds) * 10) / 10,
    agentMemoryMiB: mebibytes(peak),
    agentMemoryGrowthMiB: mebibytes(now.memory - before.memory),
  };
}
