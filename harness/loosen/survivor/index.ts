import { setImmediate } from 'node:timers/promises';
import { difference, type RequestDifference } from '../../../identity/difference/index.ts';
import type { Scenario, ScenarioSpec } from '../../scenario/spec.ts';
import { decide, type Answer } from '../../predict/attempt.ts';
import { sceneOf } from '../../predict/scene.ts';
import { attemptsFor, type Candidate } from './attempts.ts';
import { questionsOf, type PolicyQuestion, type Versions } from './comparisons.ts';
import { withExtraRoles, type Owner } from './extra-roles.ts';
import { probeOf, type Probe } from './probe.ts';
import { requestWords, type RequestCase, requestCase } from './request-case.ts';
import { sentenceOf, type Breadth, type NamedSource } from './sentence.ts';

export { withProbe, type Probe } from './probe.ts';

/** A change of a policy that no probe of a scenario notices. */
export interface SurvivorQuestion extends Owner {
  /** With the original policy. */
  readonly scenario: Scenario;
  /** The scenario's declaration with the changed policy. */
  readonly changed: ScenarioSpec;
}

export type Survivor =
  | {
      readonly kind: 'explained';
      /** For example: pods of every service account whose name starts with `ledger` get the role `ledger`. */
      readonly sentence: string;
      /** Undefined if no pod of the suite can make the request. */
      readonly probe?: Probe | undefined;
      /** A case of `evaluate` in place of a probe. */
      readonly request?: RequestCase | undefined;
    }
  /** No request of any caller is decided differently. */
  | { readonly kind: 'equivalent' }
  | { readonly kind: 'not decided'; readonly limits: readonly string[] };

/** Scenarios cannot make these, because they exist. */
const SYSTEM_NAMESPACE = /^(default|kube-.+)$/;

/** Decides whether a change matters to anyone, and which pods can show it, nearest to the scenario first. */
export async function explainSurvivor(question: SurvivorQuestion): Promise<Survivor> {
  const { scenario, changed } = question;
  const [before, after] = [scenario.spec, changed].map((spec) =>
    sceneOf({ ...scenario, spec: withExtraRoles(spec, question) }),
  ) as [Versions['before'], Versions['after']];
  const versions = { before, after, owner: question };
  const limits = new Set<string>();
  let unreachable: Survivor | undefined;
  let isCompared = false;
  for (const asked of questionsOf(versions)) {
    await setImmediate();
    isCompared = true;
    const result = difference(asked.comparison);
    if (result.kind === 'equivalent') continue;
    result.limits.forEach((limit) => limits.add(limit));
    const examples = result.kind === 'differs' ? result.differences.filter(isPossible) : [];
    for (const example of [...examples, ...(examples.length === 0 ? [] : probeable(asked))]) {
      const survivor = explainedBy(versions, asked, example);
      if (survivor !== undefined) return survivor;
    }
    const [first] = examples;
    if (first !== undefined && unreachable === undefined)
      unreachable = { kind: 'explained', sentence: requestWords(before, first), request: requestCase(before, first, asked) };
    else if (result.kind === 'differs' && first === undefined) limits.add('only requests that AWS does not send differ');
  }
  if (unreachable !== undefined) return unreachable;
  if (!before.isComplete() || !after.isComplete()) limits.add('a policy has a name that only a run knows');
  if (!isCompared) limits.add('nobody has the role');
  return limits.size === 0 ? { kind: 'equivalent' } : { kind: 'not decided', limits: [...limits] };
}

/** STS accepts only the audiences that are asked about separately. */
const isPossible = ({ request: { principal } }: RequestDifference): boolean => principal.kind !== 'federated' || true;

const PROBE_ACTIONS = ['GetObject', 'PutObject', 'DeleteObject', 'GetObjectTagging', 'ListBucket'].map((name) => `s3:${name}`);

/** Asks again for requests that operations of S3 can send. */
function probeable({ comparison }: PolicyQuestion): readonly RequestDifference[] {
  if (comparison.actions !== undefined) return [];
  const result = difference({ ...comparison, actions: PROBE_ACTIONS });
  return result.kind === 'differs' ? result.differences : [];
}

function explainedBy(
  { before, after, owner }: Versions,
  asked: PolicyQuestion,
  { request }: RequestDifference,
): Survivor | undefined {
  const { spec } = before.scenario;
  for (const candidate of attemptsFor(before, owner, asked, request)) {
    const answer = decide(before, candidate);
    if (!isOther(answer, decide(after, candidate)) || answer === undefined) continue;
    if (spec.exactNames === true && SYSTEM_NAMESPACE.test(candidate.workload.namespace ?? 'app')) continue;
    const breadth = (source: NamedSource): Breadth => breadthOf(before, after, candidate, source);
    const sentence = sentenceOf(candidate, breadth, answer.refusal !== undefined);
    return { kind: 'explained', sentence, probe: probeOf(before.scenario.spec, owner, candidate, answer) };
  }
  return undefined;
}

/** Whether only one of the answers is a refusal. */
const isOther = (one: Answer | undefined, other: Answer | undefined): boolean =>
  one !== undefined && other !== undefined && (one.refusal === undefined) !== (other.refusal === undefined);

/** Tries other values of a source to see whether the change is about every value, or about a prefix. */
function breadthOf(before: Versions['before'], after: Versions['after'], candidate: Candidate, source: NamedSource): Breadth {
  const value = candidate.workload[source] ?? 'app';
  const holds = (text: string): boolean => {
    const attempt = { ...candidate, workload: { ...candidate.workload, [source]: text } };
    return isOther(decide(before, attempt), decide(after, attempt));
  };
  if (holds('unrelated') && holds('z')) return 'every';
  const [, start] = /^(.+)-2$/.exec(value) ?? [];
  return start !== undefined && holds(`${start}-3`) && holds(`${start}x`) ? { startsWith: start } : 'one';
}
