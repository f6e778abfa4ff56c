import type { CallRecord } from '../../emulator/index.ts';
import { causeFromMessage } from '../../foundation/protocols/denial-cause.ts';
import type { ProbeReport, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { withoutPath } from '../../foundation/aws/role-arn.ts';
import { describeOperation } from '../scenario/describe.ts';
import { ofHarness } from '../scenario/operation-registry.ts';
import type { ProbeOutcome } from '../results/results.ts';
import type { Expectation, ProbeStep } from '../scenario/spec.ts';
import type { NumberedProbe } from '../world/stages.ts';
import { notesOn, clusterOf, workload, type ScenarioContext } from '../scenario/scenario-context.ts';
import { inconclusiveReason, lateReason, type EventLoopDelay } from './reliability.ts';
import { identityExpected } from '../scenario/expected-identity.ts';
import { causeFromCall, describeExpectation, judge, nameIdentity, type Judgement } from './judge.ts';
import { decisiveCall, whyOf } from './why.ts';

interface ProbeAttempt {
  /** Why an unexpected result is inconclusive; undefined if it is not. */
  readonly unreliableReason?: string | undefined;
  /** A possible reason of an unexpected result, in a sentence. */
  readonly why?: string | undefined;
  /** A sentence about what decided it, if that is not an AWS call. */
  readonly decidedBy?: string | undefined;
  readonly tries: number;
  readonly milliseconds: number;
}

interface JudgedProbe {
  readonly result: ProbeResult;
  readonly call: CallRecord | undefined;
  readonly expectation: Expectation;
  readonly expectedIdentity: string | undefined;
  readonly judgement: Judgement;
}

/** Compares a result with its expectation. `call` decided it; for an expected result, it is the answered call. */
export function judged(context: ScenarioContext, step: ProbeStep, result: ProbeResult): JudgedProbe {
  const made =
    result.requestId === undefined ? undefined : context.environment.aws.controls?.findCall(result.requestId);
  const expectedIdentity = identityExpected(context.scenario.spec, step);
  const expectation = context.names.expandAll(step.expectation);
  const judgement = judge(expectation, {
    result,
    cause: causeFromMessage(result.message) ?? causeFromCall(made),
    identityName: nameIdentity(
      result.identity,
      knownRoles(context),
      step.workload === undefined
        ? undefined
        : clusterOf(context, workload(context, step.workload).cluster).cluster.nodeRoleArn,
    ),
    expectedIdentity,
  });
  const call = judgement.matches
    ? made
    : decisiveCall(context, expectation, result, judgement.mismatch?.member === 'identity');
  return { result, call, expectation, expectedIdentity, judgement };
}

export function outcomeOf(
  context: ScenarioContext,
  { number, step }: NumberedProbe,
  { result, call, expectation, expectedIdentity, judgement }: JudgedProbe,
  { unreliableReason, why, decidedBy, tries, milliseconds }: ProbeAttempt,
): ProbeOutcome {
  const ownReason = (judgement.matches ? undefined : ofHarness(step.operation)?.reason?.(result)) ?? judgement.reason;
  const reasonAfterTries = tries === 1 ? ownReason : afterTries(ownReason, tries, milliseconds);
  const doubts = judgement.matches
    ? undefined
    : (inconclusiveReason(result, lateness(context, result, milliseconds)) ??
      unreliableReason ??
      (judgement.mismatch && lateReason(result, judgement.mismatch, latenessSoFar(context))));
  // The notes are about timed-out waits, which may be the reason.
  const reason = judgement.matches
    ? reasonAfterTries
    : [doubts ?? [], why ?? [], reasonAfterTries, ...notesOn(context, step.workload)].flat().join(' ');
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
    operation: describeOperation(context, step.operation),
    ...(step.control && { control: true }),
    expected: {
      text: `${describeExpectation(expectation, expectedIdentity)}${step.differs === undefined ? '' : `, because ${step.differs}`}`,
      ...expectation,
    },
    observed: withoutNumber(result),
    verdict,
    reason:
      verdict === 'inconclusive'
        ? `The control failed, so the denials of this scenario are inconclusive. ${reason}`
        : reason,
    ...(call && !(judgement.matches && result.outcome === 'granted') && { decisiveCall: call.requestId }),
    ...(!judgement.matches && { why: decidedBy ?? (call && whyOf(call)) }),
    milliseconds: Math.round(milliseconds),
    ...(tries > 1 && { tries }),
  };
}

/** Omits the number, which the outcome already has. */
const withoutNumber = ({ number: _number, ...observed }: ProbeResult & { number?: number }): ProbeResult => observed;

/** Returns the event-loop delay, if AWS runs in this process. `milliseconds`: duration of a probe that reports no times. */
function lateness(
  { environment: { aws, clusters, lateness } }: ScenarioContext,
  result: ProbeResult | ProbeReport,
  milliseconds: number,
): EventLoopDelay {
  if (aws.controls === undefined) return { milliseconds: 0, ofAll: false };
  const now = Date.now();
  const [from, to] = 'startedAt' in result ? [result.startedAt, result.endedAt] : [now - milliseconds, now];
  return {
    milliseconds: lateness.between(from, to),
    ofAll: [...clusters.values()].every(({ onThisMachine }) => onThisMachine),
  };
}

/** Returns the delay in the worst second since the scenario began, because its earlier steps change later counts and texts. */
const latenessSoFar = ({ environment: { aws, lateness }, startedAt }: ScenarioContext): number =>
  aws.controls === undefined ? 0 : lateness.between(startedAt, Date.now());

const afterTries = (reason: string, tries: number, milliseconds: number): string =>
  `${reason.replace(/\.$/, '')}, after ${tries} tries in ${(milliseconds / 1000).toFixed(1)} s.`;

function knownRoles(context: ScenarioContext): Map<string, string> {
  return new Map(
    Object.keys(context.scenario.spec.roles ?? {}).map((name) => [withoutPath(context.names.roleArn(name)), name]),
  );
}
