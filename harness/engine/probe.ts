import { causeFromMessage } from '../../foundation/denial-cause.ts';
import type { ProbeReport, ProbeResult } from '../../foundation/probe-protocol.ts';
import type { CallRecord } from '../../emulator/index.ts';
import { HarnessError } from '../../foundation/errors.ts';
import { isHarnessOperation } from '../operations/builders.ts';
import type { Expectation, HarnessOperation, ProbeStep } from '../scenario/spec.ts';
import { explain } from '../verdict/explain.ts';
import type { ProbeOutcome } from '../report/results.ts';
import { perform } from '../operations/steps.ts';
import { Cast } from '../world/running-pods.ts';
import { harnessProbe } from '../operations/harness-probes.ts';
import { groupsOfPod, stages, type NumberedProbe, type ProbeGroup } from '../world/stages.ts';
import { causeFromCall, describeExpectation, judge, nameIdentity, type Judgement } from '../verdict/judge.ts';
import { describeOperation } from '../operations/describe.ts';
import { identityExpected } from '../verdict/expected-identity.ts';
import { notesOn } from '../consistency/notes.ts';
import { untilSettled } from '../consistency/probe.ts';
import { withoutControl } from '../verdict/control.ts';
import { mintBoundTokens, mintFreeTokens } from '../world/tokens.ts';
import { clusterOf, workload, workloads, type ScenarioWorld } from '../world/world.ts';

/** Runs the steps of a scenario whose world is arranged; gives each probe's outcome, in the order of the scenario. */
export async function probeAll(world: ScenarioWorld): Promise<readonly ProbeOutcome[]> {
  const all = stages(world.scenario);
  const cast = new Cast(world, all);
  await mintFreeTokens(world);
  await Promise.all(
    workloads(world)
      .filter(
        (item) =>
          item.spec.starts !== 'later' &&
          (groupsOfPod(all, item.name, 0).groups.length > 0 || isBoundTo(world, item.name)),
      )
      .map((item) => cast.start(item.name, 0)),
  );
  await mintBoundTokens(world, cast);
  const outcomes: ProbeOutcome[] = [];
  for (const [index, stage] of all.entries()) {
    if (stage.kind === 'action') await perform(world, stage.action, cast, all, index + 1);
    else outcomes.push(...(await probeGroup(world, stage.group, cast)));
  }
  return withoutControl(outcomes.sort((a, b) => a.number - b.number));
}

const isBoundTo = (world: ScenarioWorld, name: string): boolean =>
  Object.values(world.scenario.spec.tokens ?? {}).some((token) => token.boundTo === name) ||
  world.scenario.spec.probes.some(
    (step) => step.kind === 'probe' && 'boundTo' in step.operation && step.operation.boundTo === name,
  );

async function probeGroup(world: ScenarioWorld, group: ProbeGroup, cast: Cast): Promise<ProbeOutcome[]> {
  const byWorkload = new Map<string, NumberedProbe[]>();
  for (const probe of group.probes)
    if (probe.step.workload !== undefined)
      byWorkload.set(probe.step.workload, [...(byWorkload.get(probe.step.workload) ?? []), probe]);
  const inPods = [...byWorkload].map(async ([name, probes]) => {
    const pod = cast.pod(name);
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
      const { tries, ...result } = withUpstreamCalls(world, probe, report);
      return outcomeOf(world, probe, result, {
        tries: tries?.count ?? 1,
        milliseconds: report.endedAt - (tries?.firstStartedAt ?? report.startedAt),
      });
    });
  });
  // The harness' own probes follow each other: some are about what the one before made.
  const own = (async () => {
    const results: ProbeOutcome[] = [];
    for (const probe of group.probes)
      if (isHarnessOperation(probe.step.operation)) results.push(await ownProbe(world, probe, probe.step.operation));
    return results;
  })();
  return (await Promise.all([...inPods, own])).flat();
}

async function ownProbe(
  world: ScenarioWorld,
  probe: NumberedProbe,
  operation: HarnessOperation,
): Promise<ProbeOutcome> {
  const started = performance.now();
  const { expectation } = probe.step;
  const isAsExpected = (result: ProbeResult): boolean => judged(world, probe.step, result).judgement.matches;
  const { result, tries } = await untilSettled(
    world,
    { operation, expectation },
    () => harnessProbe(world, operation, expectation),
    isAsExpected,
  );
  return outcomeOf(world, probe, result, { tries, milliseconds: performance.now() - started });
}

/** How often EKS Auth was asked for the workload's service account while the probe ran, where AWS keeps a record. */
function withUpstreamCalls(world: ScenarioWorld, { step }: NumberedProbe, report: ProbeReport): ProbeReport {
  const { controls } = world.environment.aws;
  if (!controls || step.operation.do !== 'FetchCredentials' || step.workload === undefined) return report;
  const { namespace } = workload(world, step.workload);
  const calls = controls
    .calls()
    .filter(
      (call) =>
        call.operation === 'AssumeRoleForPodIdentity' &&
        call.time >= report.startedAt &&
        call.time <= report.endedAt &&
        call.notes.some((note) => note.includes(namespace)),
    );
  return { ...report, facts: { ...report.facts, upstreamCalls: calls.length } };
}

interface Judged {
  readonly call: CallRecord | undefined;
  readonly expectation: Expectation;
  readonly expectedIdentity: string | undefined;
  readonly judgement: Judgement;
}

function judged(world: ScenarioWorld, step: ProbeStep, result: ProbeResult): Judged {
  const call = result.requestId === undefined ? undefined : world.environment.aws.controls?.findCall(result.requestId);
  const expectedIdentity = identityExpected(world, step);
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
