import { causeFromMessage } from '../../foundation/denial-cause.ts';
import type { ProbeReport, ProbeResult } from '../../foundation/probe-protocol.ts';
import type { CallRecord } from '../../emulator/index.ts';
import { HarnessError } from '../../foundation/errors.ts';
import type { StepContext } from '../operations/descriptor.ts';
import type { Expectation, ProbeStep } from '../scenario/spec.ts';
import { explain } from '../verdict/explain.ts';
import type { ProbeOutcome } from '../report/results.ts';
import { performOperation, performStep } from '../operations/perform.ts';
import { described, ofHarness, ofWorkload } from '../operations/registry.ts';
import { RunningPods } from '../world/running-pods.ts';
import {
  expectsRefusal,
  groupsOfPod,
  stages,
  type NumberedProbe,
  type ProbeGroup,
  type Stage,
} from '../world/stages.ts';
import { causeFromCall, describeExpectation, judge, nameIdentity, type Judgement } from '../verdict/judge.ts';
import { describeOperation } from '../operations/describe.ts';
import { identityExpected } from '../verdict/expected-identity.ts';
import { notesOn } from '../consistency/notes.ts';
import { retryUntilExpected } from '../consistency/probe.ts';
import { withoutControl } from '../verdict/control.ts';
import { mintBoundTokens, mintFreeTokens } from '../world/tokens.ts';
import { clusterOf, workload, workloads, type ScenarioWorld } from '../world/world.ts';

/** Runs the steps of a scenario whose world is arranged; gives each probe's outcome, in the order of the scenario. */
export async function probeAll(world: ScenarioWorld): Promise<readonly ProbeOutcome[]> {
  const all = stages(world.scenario);
  const running = new RunningPods(world, all);
  await mintFreeTokens(world);
  await Promise.all(
    workloads(world)
      .filter(
        (item) =>
          item.spec.starts !== 'later' &&
          (groupsOfPod(all, item.name, 0).groups.length > 0 || isBoundTo(world, item.name)),
      )
      .map((item) => running.start(item.name, 0)),
  );
  await mintBoundTokens(world, running);
  const outcomes: ProbeOutcome[] = [];
  for (const [index, stage] of all.entries()) {
    if (stage.kind === 'action') await performStep(contextOf(world, running, all, index + 1), stage.action);
    else outcomes.push(...(await probeGroup(world, stage.group, running)));
  }
  return withoutControl(outcomes.sort((a, b) => a.number - b.number));
}

/** What the step ahead of stage `next` is performed with. */
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
      throw new HarnessError(
        'BAD_SCENARIO',
        `${world.scenario.id}: workload "${name}" has no pod at this point: start it with a step first.`,
      );
    const reports = await pod.reports(group.number, probes.length);
    return probes.map((probe) => {
      const report = reports.find((candidate) => candidate.number === probe.number);
      if (!report)
        throw new HarnessError(
          'POD_FAILED',
          `The pod of workload "${name}" reported no result of probe ${probe.number + 1} of ${world.scenario.id}.`,
        );
      const { tries, ...result } = withRecordedFacts(world, probe, report);
      return outcomeOf(world, probe, result, {
        tries: tries?.count ?? 1,
        milliseconds: report.endedAt - (tries?.firstStartedAt ?? report.startedAt),
      });
    });
  });
  // The harness' own probes follow each other: some are about what the one before made.
  const own = (async () => {
    const results: ProbeOutcome[] = [];
    for (const probe of group.probes) if (ofHarness(probe.step.operation)) results.push(await ownProbe(world, probe));
    return results;
  })();
  return (await Promise.all([...inPods, own])).flat();
}

async function ownProbe(world: ScenarioWorld, probe: NumberedProbe): Promise<ProbeOutcome> {
  const started = performance.now();
  const { operation, expectation } = probe.step;
  const isAsExpected = (result: ProbeResult): boolean => judged(world, probe.step, result).judgement.matches;
  const { result, tries } = await retryUntilExpected(
    world,
    { operation, expectation },
    () => performOperation(world, operation, expectation),
    isAsExpected,
  );
  return outcomeOf(world, probe, result, { tries, milliseconds: performance.now() - started });
}

/** A report with what AWS' record, where there is one, adds to its facts. */
function withRecordedFacts(world: ScenarioWorld, { step }: NumberedProbe, report: ProbeReport): ProbeReport {
  const { operation, workload: name } = step;
  if (name === undefined) return report;
  const recorded = ofWorkload(operation)?.recordedFacts?.(world, workload(world, name), report);
  return recorded === undefined ? report : { ...report, facts: { ...report.facts, ...recorded } };
}

interface Judged {
  readonly call: CallRecord | undefined;
  readonly expectation: Expectation;
  readonly expectedIdentity: string | undefined;
  readonly judgement: Judgement;
}

function judged(world: ScenarioWorld, step: ProbeStep, result: ProbeResult): Judged {
  const call = result.requestId === undefined ? undefined : world.environment.aws.controls?.findCall(result.requestId);
  const expectedIdentity = identityExpected(world.scenario.spec, step);
  const expectation = world.names.expandAll(step.expectation);
  const judgement = judge(expectation, {
    result,
    cause: causeFromMessage(result.message ?? '') ?? causeFromCall(call),
    identityName: nameIdentity(
      result.identity,
      knownRoles(world),
      step.workload === undefined
        ? undefined
        : clusterOf(world, workload(world, step.workload).cluster).cluster.nodeRoleArn,
    ),
    expectedIdentity,
  });
  return { call, expectation, expectedIdentity, judgement };
}

function outcomeOf(
  world: ScenarioWorld,
  { number, step }: NumberedProbe,
  result: ProbeResult,
  { tries, milliseconds }: { readonly tries: number; readonly milliseconds: number },
): ProbeOutcome {
  const { call, expectation, expectedIdentity, judgement } = judged(world, step, result);
  const said = tries === 1 ? judgement.reason : afterTries(judgement.reason, tries, milliseconds);
  // What was waited for in vain may be why.
  const reason = judgement.matches ? said : [said, ...notesOn(world, step.workload)].join(' ');
  const verdict =
    result.outcome === 'error' ? 'error' : judgement.matches ? 'passed' : step.control ? 'inconclusive' : 'failed';
  return {
    number,
    workload: step.workload ?? null,
    operation: describeOperation(world, step.operation),
    control: step.control,
    expected: { text: describeExpectation(expectation, expectedIdentity), ...expectation },
    observed: result,
    verdict,
    reason:
      verdict === 'inconclusive'
        ? `The control failed, so the denials of this scenario mean nothing. ${reason}`
        : reason,
    explanation: call === undefined || result.outcome === 'granted' ? null : explain(call),
    milliseconds: Math.round(milliseconds),
    ...(tries > 1 && { tries }),
  };
}

const afterTries = (reason: string, tries: number, milliseconds: number): string =>
  `${reason.replace(/\.$/, '')}, after ${tries} tries in ${(milliseconds / 1000).toFixed(1)} s.`;

function knownRoles(world: ScenarioWorld): Map<string, string> {
  return new Map(Object.keys(world.scenario.spec.roles ?? {}).map((name) => [world.names.roleArn(name), name]));
}
