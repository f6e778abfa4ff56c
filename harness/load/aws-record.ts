import type { CallRecord } from '../../emulator/index.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import { openedBy } from '../verdict/received-calls.ts';
import type { EndedPod } from '../scenario/running-load.ts';

interface Recorded {
  readonly calls: number;
  /** Number of pods' sessions in the record, and a description of each that another pod's token opened. */
  readonly sessions: number;
  readonly ofOthers: readonly string[];
}

const BOUND = /^token is of (\S+), bound to pod (\S+)$/;

/** Checks in AWS's record that each session was opened with its pod's token. Undefined without a record. */
export function heldAgainstRecord(
  { environment: { aws } }: ScenarioContext,
  pods: readonly EndedPod[],
  since: number,
): Recorded | undefined {
  if (aws.controls === undefined) return undefined;
  const podCalls = askedSince(aws.controls.calls(), since);
  const names = new Set(pods.map(({ namespace, name }) => `${namespace}/${name}`));
  const calls = podCalls.filter((call) => names.has(podOf(call) ?? '')).length;
  const openers = new Map(
    podCalls.flatMap((call) => openedBy(call).map((session) => [session.split('/').at(-1), podOf(call)] as const)),
  );
  const given = pods.flatMap(({ namespace, name, verdict }) =>
    (verdict?.sessions ?? []).map((session) => ({ own: `${namespace}/${name}`, session })),
  );
  const openedSessions = given.filter(({ session }) => openers.has(session));
  const ofOthers = openedSessions
    .filter(({ own, session }) => openers.get(session) !== own)
    .map(({ own, session }) => `pod ${own} got a session of pod ${openers.get(session)}`);
  return { calls, sessions: openedSessions.length, ofOthers };
}

const askedSince = (calls: readonly CallRecord[], since: number): readonly CallRecord[] =>
  calls.filter(({ operation, receivedAt }) => operation === 'AssumeRoleForPodIdentity' && receivedAt >= since);

/** Returns calls with the tokens of these pods (`<namespace>/<name>`), by pod. `since`: milliseconds since the epoch. */
export function callsByPod(
  { environment: { aws } }: ScenarioContext,
  pods: readonly string[],
  since: number,
): ReadonlyMap<string, readonly CallRecord[]> {
  const podCalls = askedSince(aws.controls?.calls() ?? [], since);
  return new Map(pods.map((pod) => [pod, podCalls.filter((call) => podOf(call) === pod)]));
}

function podOf({ notes }: CallRecord): string | undefined {
  for (const note of notes) {
    const [, subject = '', pod] = BOUND.exec(note) ?? [];
    if (pod !== undefined) return `${subject.split('/')[0]}/${pod}`;
  }
  return undefined;
}
