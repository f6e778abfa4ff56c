import { setImmediate } from 'node:timers/promises';
import { counted } from '../../foundation/node/text.ts';
import type { ChangeVerdict } from '../results/loosening.ts';
import type { ScenarioResult } from '../results/results.ts';
import type { Observation, UsedPolicy } from '../policies/observation.ts';
import { withPolicy } from '../policies/policy-uses.ts';
import { policySources, type PolicySource, type SourceUse } from '../policies/sources.ts';
import type { Scenario, ScenarioSpec } from '../scenario/spec.ts';
import { changesOf, type PolicyChange } from './operators/index.ts';
import { changeIds } from './change-id.ts';
import { explainSurvivor, type Probe, type TakenByScenario } from './survivor/index.ts';
import { replay, type Replay } from './replay.ts';

/** A change of a policy, and what the scenarios say about it. */
export interface JudgedChange extends ChangeVerdict {
  /** Stays the same while the policy's file, the statement's Sid and the change do. */
  readonly id: string;
  readonly source: PolicySource;
  readonly change: PolicyChange;
  /** A probe that notices it, and the scenario to add it to. */
  readonly proposal?: Proposal;
}

interface Proposal {
  readonly scenario: Scenario;
  readonly probe: Probe;
}

/** Runs scenarios, each under an id of its own. */
type RunScenarios = (scenarios: readonly Scenario[]) => Promise<readonly ScenarioResult[]>;

export interface JudgeOptions {
  /** Whether to change policies that suites build themselves too. */
  readonly inline: boolean;
  readonly run: RunScenarios;
  readonly changes?: (source: PolicySource) => readonly PolicyChange[];
  /** Receives the pods of proposals. */
  readonly taken?: TakenByScenario;
  readonly progress?: (line: string) => void;
}

/** How many changes are judged between two lines of progress. */
const PROGRESS_STEP = 250;

/** Judges each change of the policies by replay, and by runs of scenarios where replay cannot tell. */
export async function judgeChanges(
  observations: readonly Observation[],
  {
    inline,
    run,
    changes = ({ document, kind }) => changesOf(document, kind),
    progress = () => undefined,
    taken = new Map(),
  }: JudgeOptions,
): Promise<readonly JudgedChange[]> {
  const sources = policySources(observations).filter(({ isFile }) => isFile || inline);
  const all = sources.flatMap((source) => changes(source).map((change) => ({ source, change })));
  const ids = changeIds(all);
  const judgements: Judgement[] = [];
  for (const [index, { source, change }] of all.entries()) {
    // Lets timers fire.
    await setImmediate();
    judgements.push({ ...judgeByReplay(source, change), id: ids[index] ?? '' });
  }
  const copies = judgements.flatMap(({ open }, index) =>
    open.map((observation, place) =>
      copyOf(observation, judgements[index] as Judgement, `L${index + 1}-${10 + place}`),
    ),
  );
  const results = copies.length === 0 ? [] : await run(copies);
  const judged: JudgedChange[] = [];
  for (const [index, { open, ...one }] of judgements.entries()) {
    const copyResults = results.filter(({ id }) => id.startsWith(`L${index + 1}-`));
    const change = { ...one, ...(open.length > 0 && verdictOf(copyResults, open)) };
    const isInvalid =
      change.state === 'killed' &&
      copyResults.length === observationsOf(one.source).length &&
      copyResults.every(isBroken);
    const state = isInvalid ? 'invalid' : change.state;
    const changed = ({ observation, used }: SourceUse): ScenarioSpec =>
      withPolicy(observation.scenario.spec, used, one.change.apply(one.source.document));
    judged.push({ ...change, state, ...(state === 'survived' && (await explained(one.source.uses, changed, taken))) });
    if (judged.length % PROGRESS_STEP === 0) progress(`Judged ${judged.length} of ${counted(all.length, 'change')}`);
  }
  return judged;
}

const observationsOf = ({ uses }: PolicySource) => [...new Set(uses.map(({ observation }) => observation))];

const isBroken = ({ probes }: ScenarioResult): boolean =>
  probes.length > 0 && probes.every(({ verdict }) => verdict !== 'passed');

/** Decides for each use of a policy until a probe is known. `changed` returns the scenario's declaration with the change. */
export async function explained(
  uses: readonly SourceUse[],
  changed: (use: SourceUse) => ScenarioSpec,
  taken: TakenByScenario,
): Promise<Partial<JudgedChange>> {
  const limits = new Set<string>();
  let unreachable: Partial<JudgedChange> | undefined;
  for (const use of uses) {
    const { scenario } = use.observation;
    const survivor = await explainSurvivor({ ...use.used, scenario, taken, changed: changed(use) });
    if (survivor.kind === 'not decided') survivor.limits.forEach((limit) => limits.add(limit));
    if (survivor.kind !== 'explained') continue;
    const { sentence, probe, request } = survivor;
    if (probe !== undefined) return { sentence, proposal: { scenario, probe } };
    unreachable ??= { state: 'unreachable', sentence, ...(request && { request }) };
  }
  if (unreachable !== undefined) return unreachable;
  return limits.size === 0 ? { state: 'equivalent' } : { state: 'undecided', reason: [...limits].join('; ') };
}

interface Judgement extends JudgedChange {
  /** Scenarios that must run. */
  readonly open: readonly Observation[];
}

function judgeByReplay(source: PolicySource, change: PolicyChange): Omit<Judgement, 'id'> {
  const open: Observation[] = [];
  const judged = { source, change, open, by: 'replay' } as const;
  let reason: string | undefined;
  for (const observation of observationsOf(source)) {
    const replayed = replayOf(observation, source, change);
    if (replayed.result === 'contradicts') {
      const isInvalid = observationsOf(source).every((one) => replayOf(one, source, change).breaksAll);
      const [state, scenario] = [isInvalid ? 'invalid' : 'killed', observation.scenario.id] as const;
      return { ...judged, open: [], state, scenario, probe: replayed.probe };
    }
    if (replayed.result === 'open') {
      open.push(observation);
      reason = replayed.reason;
    }
  }
  return { ...judged, state: 'survived', ...(reason !== undefined && { by: 'run', reason }) };
}

const replayOf = (observation: Observation, source: PolicySource, change: PolicyChange): Replay =>
  replay(
    observation,
    source.uses
      .filter((use) => use.observation === observation)
      .map(({ used }) => ({ used, document: changedDocument(used, source, change) })),
  );

/** Returns the changed policy as AWS would receive it from `copyOf`. */
export function changedDocument(used: UsedPolicy, { document }: PolicySource, change: PolicyChange): object {
  const changed = used.resolve(change.apply(document));
  // A change can name a second cluster, which this run lacks.
  return changed ?? (used.text === undefined ? {} : change.apply(JSON.parse(used.text) as object));
}

/** Returns a scenario with a changed policy, under another id. */
export function copyOf(
  observation: Observation,
  { source, change }: Pick<JudgedChange, 'source' | 'change'>,
  id: string,
): Scenario {
  const uses = source.uses.filter((use) => use.observation === observation);
  const { scenario } = observation;
  const changed = change.apply(source.document);
  const spec = uses.reduce((before: ScenarioSpec, { used }) => withPolicy(before, used, changed), scenario.spec);
  return { ...scenario, id, spec };
}

export function verdictOf(results: readonly ScenarioResult[], open: readonly Observation[]): Partial<JudgedChange> {
  const scenarioOf = ({ id }: ScenarioResult): string => open[Number(/-(\d+)$/.exec(id)?.[1]) - 10]?.scenario.id ?? '';
  const rejected = results.find(({ errorCode }) => errorCode === 'BAD_POLICY');
  if (rejected !== undefined) return { state: 'rejected', reason: rejected.reason };
  const bad = results.find(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive');
  if (bad !== undefined) return { state: 'killed', scenario: scenarioOf(bad) };
  const other = results.length < open.length ? undefined : results.find(({ verdict }) => verdict !== 'passed');
  if (results.length < open.length || other !== undefined)
    return { state: 'unjudged', reason: other?.reason ?? 'The run ended early.' };
  return { state: 'survived' };
}
