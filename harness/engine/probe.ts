import { alternatives } from '../../foundation/protocols/expectation.ts';
import type { ProbeReport } from '../../foundation/protocols/probe-protocol.ts';
import { badScenario, HarnessError } from '../../foundation/node/errors.ts';
import type { StepContext } from '../scenario/descriptor.ts';
import type { ProbeOutcome } from '../results/results.ts';
import { performOperation, performStep } from '../operations/perform.ts';
import { described, ofHarness, ofWorkload } from '../scenario/operation-registry.ts';
import { injectionOf, whyUninjected } from '../operations/injection.ts';
import { RunningPods } from '../world/running-pods.ts';
import { expectsRefusal, podStages, stages, type NumberedProbe, type ProbeGroup, type Stage } from '../world/stages.ts';
import { retryUntilExpected } from '../world/probe-retries.ts';
import { asRecorded } from '../verdict/client-calls.ts';
import { judged, outcomeOf } from '../verdict/outcome.ts';
import { withoutControl } from '../verdict/control.ts';
import { mintBoundTokens, mintFreeTokens } from '../world/tokens.ts';
import { workload, workloads, type ScenarioWorld, type Workload } from '../scenario/world.ts';

/** Runs the steps of a scenario whose world is arranged; returns the probes' outcomes in the scenario's order. */
export async function probeAll(world: ScenarioWorld): Promise<readonly ProbeOutcome[]> {
  const all = stages(world.scenario);
  const running = new RunningPods(world, all);
  await mintFreeTokens(world);
  await Promise.all(
    workloads(world)
      .filter(
        (item) =>
          item.spec.starts !== 'later' &&
          (podStages(all, item.name, 0).groups.length > 0 || isBoundTo(world, item.name)),
      )
      .map((item) => running.start(item.name, 0)),
  );
  await mintBoundTokens(world, running);
  const { outcomes } = world;
  for (const [index, stage] of all.entries()) {
    if (stage.kind === 'action') await performStep(contextOf(world, running, all, index + 1), stage.action);
    else outcomes.push(...(await probeGroup(world, stage.group, running)));
  }
  return withoutControl([...outcomes].sort((a, b) => a.number - b.number));
}

const contextOf = (world: ScenarioWorld, running: RunningPods, all: readonly Stage[], next: number): StepContext => ({
  world,
  pods: {
    start: (name) => running.start(name, next),
    restart: (name) => running.restart(name, next),
    remove: (name) => running.remove(name),
  },
  expectsRefusal: (names) => expectsRefusal(all, next, names),
});

const isBoundTo = ({ scenario: { spec } }: ScenarioWorld, name: string): boolean =>
  Object.values(spec.tokens ?? {}).some((token) => token.boundTo === name) ||
  spec.probes.map(described).some(({ item, descriptor }) => descriptor.refersTo?.(item).pods?.includes(name));

async function probeGroup(world: ScenarioWorld, group: ProbeGroup, running: RunningPods): Promise<ProbeOutcome[]> {
  const byWorkload = new Map<string, NumberedProbe[]>();
  for (const probe of group.probes)
    if (probe.step.workload !== undefined)
      byWorkload.set(probe.step.workload, [...(byWorkload.get(probe.step.workload) ?? []), probe]);
  const inPods = [...byWorkload].map(async ([name, probes]) => {
    const pod = running.pod(name);
    if (!pod)
      throw badScenario(
        `${world.scenario.id}: workload "${name}" has no pod at this point: start it with a step first.`,
      );
    const reports = await pod.reports(group.number, probes.length);
    return Promise.all(
      probes.map((probe) => {
        const report = reports.find(({ number }) => number === probe.number);
        if (report) return podProbe(world, probe, workload(world, name), report);
        throw new HarnessError(
          'POD_FAILED',
          `The pod of workload "${name}" reported no result of probe ${probe.number + 1} of ${world.scenario.id}.`,
        );
      }),
    );
  });
  // In sequence: some of the harness's probes depend on the one before.
  const own = (async () => {
    const results: ProbeOutcome[] = [];
    for (const probe of group.probes) if (ofHarness(probe.step.operation)) results.push(await ownProbe(world, probe));
    return results;
  })();
  return (await Promise.all([...inPods, own])).flat();
}

async function podProbe(
  world: ScenarioWorld,
  probe: NumberedProbe,
  item: Workload,
  report: ProbeReport,
): Promise<ProbeOutcome> {
  const { operation, expectation } = probe.step;
  const recorded = ofWorkload(operation)?.recorded?.(world, item, report, expectation);
  const { tries, ...reported } = asRecorded(world, probe.step, report);
  const result = recorded
    ? {
        ...reported,
        facts: { ...reported.facts, ...recorded.facts },
        ...(recorded.requestId !== undefined && { requestId: recorded.requestId }),
      }
    : reported;
  const judgedProbe = judged(world, probe.step, result);
  const { judgement, call } = judgedProbe;
  const { mismatch } = judgement;
  const isUninjected = result.layer === 'injection' && !judgement.matches;
  const isByInjection =
    isUninjected ||
    (!judgement.matches && alternatives(expectation.by).includes('injection')) ||
    (mismatch?.of === 'identity' && call === undefined);
  return outcomeOf(world, probe, judgedProbe, {
    doubt:
      mismatch?.of === 'fact' && mismatch.name in (recorded?.facts ?? {})
        ? recorded?.doubt
        : recorded?.unreliableReason,
    ...(isUninjected && (await whyUninjected(world, item))),
    decidedBy: isByInjection ? await injectionOf(world, item) : undefined,
    tries: tries?.count ?? 1,
    milliseconds: report.endedAt - (tries?.firstStartedAt ?? report.startedAt),
  });
}

async function ownProbe(world: ScenarioWorld, probe: NumberedProbe): Promise<ProbeOutcome> {
  const started = performance.now();
  const { operation, expectation } = probe.step;
  const { tries, ...judgedProbe } = await retryUntilExpected(world, { operation, expectation }, async () =>
    judged(world, probe.step, await performOperation(world, operation, expectation)),
  );
  const milliseconds = performance.now() - started;
  const descriptor = judgedProbe.judgement.matches ? undefined : ofHarness(operation);
  const [whyNot, decidedBy] = await Promise.all([
    descriptor?.whyNot?.(world, operation),
    descriptor?.decidedBy?.(world, operation),
  ]);
  return outcomeOf(world, probe, judgedProbe, { ...whyNot, decidedBy, tries, milliseconds });
}
