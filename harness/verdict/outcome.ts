import type { CallRecord } from '../../emulator/index.ts';
import { causeFromMessage } from '../../foundation/protocols/denial-cause.ts';
import type { ProbeReport, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { withoutPath } from '../../foundation/aws/role-arn.ts';
import { describeOperation } from '../scenario/describe.ts';
import { ofHarness } from '../scenario/operation-registry.ts';
import type { ProbeOutcome } from '../results/results.ts';
import type { Expectation, ProbeStep } from '../scenario/spec.ts';
import type { NumberedProbe } from '../world/stages.ts';
import { notesOn, clusterOf, workload, type ScenarioWorld } from '../scenario/world.ts';
import { doubtOf, type Late } from './doubt.ts';
import { identityExpected } from '../scenario/expected-identity.ts';
import { causeFromCall, describeExpectation, judge, nameIdentity, type Judgement } from './judge.ts';
import { decisiveCall, whyOf } from './why.ts';

/** How a result came about. */
export interface Trial {
  /** Why one that is not as expected tells nothing of the subject; undefined where it tells. */
  readonly doubt?: string | undefined;
  /** What may be why a result is not as expected, in a sentence. */
  readonly why?: string | undefined;
  /** What decided it, in a sentence, where that is no call of AWS. */
  readonly decidedBy?: string | undefined;
  readonly tries: number;
  readonly milliseconds: number;
}

/** A result, held against what the probe must meet. */
export interface JudgedProbe {
  readonly result: ProbeResult;
  /** The call that decided it; undefined where no call is known. */
  readonly call: CallRecord | undefined;
  /** With real names. */
  readonly expectation: Expectation;
  readonly expectedIdentity: string | undefined;
  readonly judgement: Judgement;
}

/**
 * Compares a result with what a probe must meet. `call` is the one that decided it; of a result that is as expected, the one that
 * was answered.
 */
export function judged(world: ScenarioWorld, step: ProbeStep, result: ProbeResult): JudgedProbe {
  const made = result.requestId === undefined ? undefined : world.environment.aws.controls?.findCall(result.requestId);
  const expectedIdentity = identityExpected(world.scenario.spec, step);
  const expectation = world.names.expandAll(step.expectation);
  const judgement = judge(expectation, {
    result,
    cause: causeFromMessage(result.message) ?? causeFromCall(made),
    identityName: nameIdentity(
      result.identity,
      knownRoles(world),
      step.workload === undefined
        ? undefined
        : clusterOf(world, workload(world, step.workload).cluster).cluster.nodeRoleArn,
    ),
    expectedIdentity,
  });
  const call = judgement.matches
    ? made
    : decisiveCall(world, expectation, result, judgement.mismatch?.of === 'identity');
  return { result, call, expectation, expectedIdentity, judgement };
}

/** The outcome of a probe, as reports have it. */
export function outcomeOf(
  world: ScenarioWorld,
  { number, step }: NumberedProbe,
  { result, call, expectation, expectedIdentity, judgement }: JudgedProbe,
  { doubt, why, decidedBy, tries, milliseconds }: Trial,
): ProbeOutcome {
  const told = (judgement.matches ? undefined : ofHarness(step.operation)?.reason?.(result)) ?? judgement.reason;
  const said = tries === 1 ? told : afterTries(told, tries, milliseconds);
  const doubts = judgement.matches ? undefined : (doubtOf(result, lateness(world, result, milliseconds)) ?? doubt);
  // What was waited for in vain may be why.
  const reason = judgement.matches
    ? said
    : [doubts ?? [], why ?? [], said, ...notesOn(world, step.workload)].flat().join(' ');
  const verdict =
    result.outcome === 'error' || doubts !== undefined
      ? 'error'
      : judgement.matches
        ? 'passed'
        : step.control
          ? 'inconclusive'
          : 'failed';
  return {
    number,
    workload: step.workload ?? null,
    operation: describeOperation(world, step.operation),
    control: step.control,
    expected: {
      text: `${describeExpectation(expectation, expectedIdentity)}${step.differs === undefined ? '' : `, since ${step.differs}`}`,
      ...expectation,
    },
    observed: result,
    verdict,
    reason:
      verdict === 'inconclusive'
        ? `The control failed, so the denials of this scenario mean nothing. ${reason}`
        : reason,
    ...(call && !(judgement.matches && result.outcome === 'granted') && { decisiveCall: call.requestId }),
    ...(!judgement.matches && { why: decidedBy ?? (call && whyOf(call)) }),
    milliseconds: Math.round(milliseconds),
    ...(tries > 1 && { tries }),
  };
}

/**
 * How late AWS was meanwhile, and on an embedded cluster the agent, where they are in this process.
 *
 * @param milliseconds what the probe took, where it does not say when
 */
function lateness(
  { environment: { aws, clusters, lateness } }: ScenarioWorld,
  result: ProbeResult | ProbeReport,
  milliseconds: number,
): Late {
  if (aws.controls === undefined) return { milliseconds: 0, ofAll: false };
  const now = Date.now();
  const [from, to] = 'startedAt' in result ? [result.startedAt, result.endedAt] : [now - milliseconds, now];
  return {
    milliseconds: lateness.between(from, to),
    ofAll: [...clusters.values()].every(({ onThisMachine }) => onThisMachine),
  };
}

const afterTries = (reason: string, tries: number, milliseconds: number): string =>
  `${reason.replace(/\.$/, '')}, after ${tries} tries in ${(milliseconds / 1000).toFixed(1)} s.`;

function knownRoles(world: ScenarioWorld): Map<string, string> {
  return new Map(
    Object.keys(world.scenario.spec.roles ?? {}).map((name) => [withoutPath(world.names.roleArn(name)), name]),
  );
}
