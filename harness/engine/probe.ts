import { alternatives } from '../../foundation/protocols/expectation.ts';
import type { ProbeReport } from '../../foundation/protocols/probe-protocol.ts';
import { badScenario, HarnessError } from '../../foundation/node/errors.ts';
import { grouped } from '../../foundation/node/grouped.ts';
import type { StepContext } from '../scenario/descriptor.ts';
import type { ProbeOutcome } from '../results/results.ts';
import { performOperation, performStep } from '../operations/perform.ts';
import { described, ofHarness, ofWorkload } from '../scenario/operation-registry.ts';
import { injectionOf, whyUninjected } from '../operations/injection.ts';
import { RunningPods, type PodStarted } from '../world/running-pods.ts';
import { expectsRefusal, podStages, stages, type NumberedProbe, type ProbeGroup, type Stage } from '../world/stages.ts';
import { retryUntilExpected } from '../world/probe-retries.ts';
import { asRecorded } from '../verdict/client-calls.ts';
import { judged, outcomeOf } from '../verdict/outcome.ts';
import { withoutControl } from '../verdict/control.ts';
import { mintBoundTokens, mintFreeTokens } from '../world/tokens.ts';
import { workload, workloads, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';

/** Runs the steps of an arranged scenario. Returns the outcomes of its probes in the scenario's order. */
export async function probeAll(context: ScenarioContext, started?: PodStarted): Promise<readonly ProbeOutcome[]> {
  const all = stages(context.scenario);
  const running = new RunningPods(context, all, started);
  await mintFreeTokens(context);
  await Promise.all(
    workloads(context)
      .filter(
        (item) =>
          item.spec.starts !== 'later' &&
          (podStages(all, item.name, 0).groups.length > 0 || isBoundTo(context, item.name)),
      )
      .map((item) => running.start(item.name, 0)),
  );
  await mintBoundTokens(context, running);
  const { outcomes } = context;
  for (const [index, stage] of all.entries()) {
    if (stage.kind === 'action') await performStep(contextOf(context, running, all, index + 1), stage.action);
    else outcomes.push(...(await probeGroup(context, stage.group, running)));
  }
  return withoutControl([...outcomes].sort((a, b) => a.number - b.number));
}

const contextOf = (
  context: ScenarioContext,
  running: RunningPods,
  all: readonly Stage[],
  next: number,
): StepContext => ({
  context,
  pods: {
    start: (name) => running.start(name, next),
    restart: (name) => running.restart(name, next),
    remove: (name) => running.remove(name),
  },
  expectsRefusal: (names) => expectsRefusal(all, next, names),
});

const isBoundTo = ({ scenario: { spec } }: ScenarioContext, name: string): boolean =>
  Object.values(spec.tokens ?? {}).some((token) => token.boundTo === name) ||
  spec.probes.map(described).some(({ item, descriptor }) => descriptor.refersTo?.(item).pods?.includes(name));

async function probeGroup(context: ScenarioContext, group: ProbeGroup, running: RunningPods): Promise<ProbeOutcome[]> {
  const ofPods = group.probes.filter(({ step }) => step.workload !== undefined);
  const inPods = [...grouped(ofPods, ({ step }) => step.workload ?? '')].map(async ([name, probes]) => {
    const pod = running.pod(name);
    if (!pod)
      throw badScenario(
        `${context.scenario.id}: workload "${name}" has no pod at this point. Start it with a step first.`,
      );
    const reports = await pod.reports(group.number, probes.length);
    return Promise.all(
      probes.map((probe) => {
        const report = reports.find(({ number }) => number === probe.number);
        if (report) return podProbe(context, probe, workload(context, name), report);
        throw new HarnessError(
          'POD_FAILED',
          `The pod of workload "${name}" reported no result for probe ${probe.number + 1} of ${context.scenario.id}.`,
        );
      }),
    );
  });
  // In sequence, because some of the harness's probes depend on the previous one.
  const harnessOutcomes = (async () => {
    const results: ProbeOutcome[] = [];
    for (const probe of group.probes) if (ofHarness(probe.step.operation)) results.push(await ownProbe(context, probe));
    return results;
  })();
  return (await Promise.all([...inPods, harnessOutcomes])).flat();
}

async function podProbe(
  context: ScenarioContext,
  probe: NumberedProbe,
  item: Workload,
  report: ProbeReport,
): Promise<ProbeOutcome> {
  const { operation, expectation } = probe.step;
  const descriptor = ofWorkload(operation);
  const recorded = descriptor?.recorded?.(context, item, report, expectation);
  const checked = asRecorded(context, probe.step, report);
  const { tries, ...reported } = descriptor?.answer?.(context, operation, checked) ?? checked;
  const result = recorded
    ? {
        ...reported,
        facts: { ...reported.facts, ...recorded.facts },
        ...(recorded.requestId !== undefined && { requestId: recorded.requestId }),
      }
    : reported;
  const judgedProbe = judged(context, probe.step, result);
  const { judgement, call } = judgedProbe;
  const { mismatch } = judgement;
  const isUninjected = result.layer === 'injection' && !judgement.matches;
  const isByInjection =
    isUninjected ||
    (!judgement.matches && alternatives(expectation.by).includes('injection')) ||
    (mismatch?.member === 'identity' && call === undefined);
  return outcomeOf(context, probe, judgedProbe, {
    unreliableReason:
      mismatch?.member === 'fact' && mismatch.name in (recorded?.facts ?? {})
        ? recorded?.unreliableFactsReason
        : recorded?.unreliableReason,
    ...(isUninjected && (await whyUninjected(context, item))),
    decidedBy: isByInjection ? await injectionOf(context, item) : undefined,
    tries: tries?.count ?? 1,
    milliseconds: report.endedAt - (tries?.firstStartedAt ?? report.startedAt),
  });
}

async function ownProbe(context: ScenarioContext, probe: NumberedProbe): Promise<ProbeOutcome> {
  const started = performance.now();
  const { operation, expectation } = probe.step;
  const { tries, ...judgedProbe } = await retryUntilExpected(context, { operation, expectation }, async () =>
    judged(context, probe.step, await performOperation(context, operation, expectation)),
  );
  const milliseconds = performance.now() - started;
  const descriptor = judgedProbe.judgement.matches ? undefined : ofHarness(operation);
  const [whyNot, decidedBy] = await Promise.all([
    descriptor?.whyNot?.(context, operation),
    descriptor?.decidedBy?.(context, operation),
  ]);
  return outcomeOf(context, probe, judgedProbe, { ...whyNot, decidedBy, tries, milliseconds });
}
