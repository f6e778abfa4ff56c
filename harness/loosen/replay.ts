import { assumptionActions } from '../../identity/assume-role.ts';
import { authorize, compilePolicy } from '../../identity/policy/index.ts';
import type { AuthorizationInput, CompiledPolicy, Decision } from '../../identity/policy/types.ts';
import { isPublicPolicy } from '../../emulator/s3/public-access.ts';
import type { CallRecord } from '../../emulator/index.ts';
import { alternatives } from '../../foundation/protocols/expectation.ts';
import { differs, hasNameOf, isUsed, substituted, type Observation, type UsedPolicy } from '../policies/observation.ts';
import { stepOf } from '../scenario/operation-registry.ts';
import type { Expectation } from '../scenario/spec.ts';
import { openedBy } from '../verdict/received-calls.ts';

/** `open`: only a run of the scenario can tell. `breaksAll`: the changed decisions contradict every probe. */
export type Replay =
  | { readonly result: 'same'; readonly breaksAll?: undefined }
  | {
      readonly result: 'contradicts';
      readonly probe: number;
      readonly decision: Decision;
      readonly breaksAll?: boolean;
    }
  | { readonly result: 'open'; readonly reason: string; readonly breaksAll?: undefined };

/** A policy of an observation, and the changed document with real names. */
export interface Replacement {
  readonly used: UsedPolicy;
  readonly document: object;
}

type ObservedProbe = Observation['probes'][number];
type Decide = (input: AuthorizationInput) => Decision;

const SAME: Replay = { result: 'same' };
const open = (reason: string): Replay => ({ result: 'open', reason });

/**
 * Decides the questions of a scenario again, with changed policies, up to the first decision that changes. This decision
 * contradicts a probe, or leads to requests that were not recorded.
 */
export function replay(observation: Observation, replacements: readonly Replacement[]): Replay {
  const unclear = replacements.map((replacement) => unclearReason(observation, replacement)).find(Boolean);
  if (unclear !== undefined) return open(unclear);
  const decide = decider(replacements);
  if (decide === undefined) return open('a run shows whether IAM accepts the changed policy');
  for (const call of observation.calls)
    for (const { decision } of call.authorizations) {
      const again = decide(decision.input);
      if (!differs(decision, again)) continue;
      const consequence = consequenceOf(observation, call, { before: decision, after: again }, decide);
      if (consequence.result === 'contradicts')
        return { ...consequence, breaksAll: observation.probes.every((probe) => breaks(observation, probe, decide)) };
      if (consequence.result !== 'same') return consequence;
      // The call is refused as before, so it asks nothing else.
      break;
    }
  return SAME;
}

/** Whether a changed decision contradicts a probe. */
const breaks = (observation: Observation, probe: ObservedProbe, decide: Decide): boolean =>
  observation.calls.some(
    (call) =>
      probe.requestIds.has(call.requestId) &&
      call.authorizations.some(({ decision: before }) => {
        const after = decide(before.input);
        return (
          differs(before, after) &&
          effectOn(observation, probe, call, { before, after }, decide).result === 'contradicts'
        );
      }),
  );

/** Returns undefined if a changed policy is not valid. */
function decider(replacements: readonly Replacement[]): Decide | undefined {
  let compiled: readonly { readonly used: UsedPolicy; readonly changed: CompiledPolicy }[];
  try {
    compiled = replacements.map(({ used, document }) => ({
      used,
      changed: compilePolicy(document, { kind: used.kind, name: '' }),
    }));
  } catch {
    return undefined;
  }
  const replace = (policy: CompiledPolicy): CompiledPolicy | undefined =>
    compiled.find(({ used }) => isUsed(used, policy))?.changed;
  return (input) => authorize(substituted(input, replace));
}

/** Returns why the recorded questions cannot show the effect of a change. */
function unclearReason({ scenario, calls }: Observation, { used, document }: Replacement): string | undefined {
  if (used.text === undefined) return `the ${used.part} policy of ${used.owner} was never made`;
  const isChangedByStep = scenario.spec.probes.some(
    (step) => step.kind === 'action' && stepOf(step).changesRole?.(step) === used.owner,
  );
  if (isChangedByStep) return `a step changes ${used.owner}`;
  const policies = calls.flatMap((call) => call.authorizations.flatMap(({ decision }) => decision.policies));
  if (policies.some((policy) => hasNameOf(used, policy) && !isUsed(used, policy)))
    return `AWS changed the ${used.part} policy of ${used.owner}`;
  if (used.part === 'bucket' && isPublicPolicy(used.text) !== isPublicPolicy(JSON.stringify(document)))
    return 'S3 treats public bucket policies differently';
  return undefined;
}

interface Change {
  readonly before: Decision;
  readonly after: Decision;
}

function consequenceOf(observation: Observation, call: CallRecord, change: Change, decide: Decide): Replay {
  const probes = observation.probes.filter(({ requestIds }) => requestIds.has(call.requestId));
  const { before, after } = change;
  if (probes.length === 0 && (before.value === 'allowed' || after.value === 'allowed'))
    return open(`no probe is known to depend on ${call.operation}`);
  const effects = probes.map((probe) => effectOn(observation, probe, call, change, decide));
  return (
    effects.find(({ result }) => result === 'contradicts') ?? effects.find(({ result }) => result === 'open') ?? SAME
  );
}

function effectOn(
  observation: Observation,
  { outcome }: ObservedProbe,
  call: CallRecord,
  { before, after }: Change,
  decide: Decide,
): Replay {
  const { expected, observed, number } = outcome;
  const contradicts: Replay = { result: 'contradicts', probe: number, decision: after };
  const isAnswer = observed?.requestId === call.requestId;
  const isPositive = expected.outcome === 'granted' || expected.outcome === 'absent';
  if (after.value !== 'allowed') {
    if (before.value !== 'allowed' || (!isPositive && isAnswer)) return otherDenial(outcome, call, after);
    if (isAnswer) return contradicts;
    if (openedBy(call).length === 0) return open(`${call.operation} is not the answer of probe ${number + 1}`);
    return expected.outcome !== 'refused' && hasOneSource(observation, outcome.workload)
      ? contradicts
      : open(`probe ${number + 1} may get other credentials`);
  }
  const rest = restOfCall(observation, call, before.input, decide);
  if (rest === undefined) return open(`what ${call.operation} asks next was not recorded`);
  if (rest.value !== 'allowed') return otherDenial(outcome, call, rest);
  const layers = alternatives(expected.by as Expectation['by']);
  const isBehindIt =
    observed?.layer === call.service && layers.length > 0 && layers.every((one) => one === call.service);
  // STS and EKS Auth could still refuse for another reason, such as the duration.
  return !isPositive && isBehindIt && (isDecidedAlone(call) || expected.code !== undefined)
    ? contradicts
    : open(`probe ${number + 1} goes on after ${call.operation}`);
}

/** Whether nothing but policies decides a call. */
const isDecidedAlone = ({ service, operation }: CallRecord): boolean => service === 's3' || operation === 'Authorize';

/** The call is denied before and after, perhaps by another policy. */
function otherDenial(
  { expected, observed, number }: ObservedProbe['outcome'],
  call: CallRecord,
  after: Decision,
): Replay {
  if (observed?.requestId !== call.requestId) return SAME;
  const { policy, explicit, message } = expected;
  if (policy === undefined && explicit === undefined && message === undefined)
    return /^AccessDenied/.test(call.errorCode ?? '') ? SAME : open(`${call.operation} failed for another reason`);
  if (!isDecidedAlone(call) || message !== undefined) return open(`probe ${number + 1} expects a reason`);
  const isOther =
    (policy !== undefined && policy !== after.deniedBy) ||
    (explicit !== undefined && explicit !== (after.value === 'explicitlyDenied'));
  return isOther ? { result: 'contradicts', probe: number, decision: after } : SAME;
}

/** Whether a workload has no other credentials if one source refuses them. */
function hasOneSource({ scenario }: Observation, name: string | null): boolean {
  const workload = scenario.spec.workloads?.[name ?? ''];
  return !(workload?.role !== undefined && workload.irsa !== undefined) && workload?.imds !== 'reachable';
}

/** Calls that ask one question, if it is allowed. */
const SINGLE = new Set(['Authorize', 'ListObjectsV2', 'ListObjects', 'HeadBucket', 'DeleteObject']);
const WRITES = new Set(['PutObject', 'CopyObject', 'CompleteMultipartUpload']);
/** These ask about `s3:ListBucket` too if the object does not exist. */
const READS = new Set(['GetObject', 'HeadObject', 'GetObjectTagging']);

/** Returns the last decision of a call whose denied question is now allowed; undefined if it is unknown. */
function restOfCall(
  { scenario, probes, objects, calls }: Observation,
  call: CallRecord,
  input: AuthorizationInput,
  decide: Decide,
): Decision | undefined {
  const { operation } = call;
  if (input.action.startsWith('sts:')) {
    const isBase =
      input.principal.kind === 'service' &&
      probes.some(({ outcome, requestIds }) => {
        const { role } = scenario.spec.workloads?.[outcome.workload ?? ''] ?? {};
        return requestIds.has(call.requestId) && typeof role === 'object' && role.targetRole !== undefined;
      });
    return isBase ? undefined : decideSession(input, decide);
  }
  // S3 uses the key of an object last.
  if (SINGLE.has(operation) || input.action.startsWith('kms:')) return decide(input);
  if (scenario.spec.keys !== undefined) return undefined;
  if (operation === 'PutObject') return decideWrite(input, decide);
  if (!READS.has(operation) || /Version/.test(input.action)) return undefined;
  if (objects.has(input.resource)) return decide(input);
  // Whether an object is missing is for those to know who may list (`emulator/s3/authorize.ts`).
  const [, bucket = '', key = ''] = /^(arn:aws:s3:::[^/]+)\/(.*)$/s.exec(input.resource) ?? [];
  const context = { ...input.context, 's3:prefix': key };
  const list = decide({ ...input, action: 's3:ListBucket', resource: bucket, context });
  return list.value === 'allowed' || !calls.some((one) => WRITES.has(one.operation)) ? list : undefined;
}

/** Asks what S3 asks of PutObject; undefined for a conditional one (`emulator/s3/write-object.ts`). */
function decideWrite(input: AuthorizationInput, decide: Decide): Decision | undefined {
  const { action, context } = input;
  if ('s3:if-match' in context || 's3:if-none-match' in context) return undefined;
  const decision = decide(input);
  const hasTags = (context['s3:RequestObjectTagKeys'] ?? []).length > 0;
  if (action !== 's3:PutObject' || !hasTags || decision.value !== 'allowed') return decision;
  return decide({ ...input, action: 's3:PutObjectTagging' });
}

function decideSession(input: AuthorizationInput, decide: Decide): Decision {
  const decisions = assumptionActions(input.action, input.context).map((action) => decide({ ...input, action }));
  return decisions.find(({ value }) => value !== 'allowed') ?? (decisions[0] as Decision);
}
