import { setImmediate } from 'node:timers/promises';
import { remembered } from '../../../foundation/node/remembered.ts';
import {
  difference,
  type Comparison,
  type Difference,
  type RequestDifference,
} from '../../../identity/difference/index.ts';
import { principalName } from '../../../identity/policy/principal.ts';
import type { Scenario, ScenarioSpec, WorkloadSpec } from '../../scenario/spec.ts';
import { placeOf } from '../../scenario/parts.ts';
import { decide, type AttemptAnswer } from '../../predict/attempt.ts';
import { hasSameRole, isSameSubject, subjectOf } from '../../predict/grant.ts';
import { sceneOf, type Scene } from '../../predict/scene.ts';
import { attemptsFor } from './attempts.ts';
import type { Candidate } from './candidate.ts';
import { LABEL } from './variants.ts';
import { changedPolicy, isOfPods, withSessionPolicy, type PolicyQuestion, type Versions } from './comparisons.ts';
import { questionsOf } from './trust-questions.ts';
import { withExtraRoles, type Owner } from './extra-roles.ts';
import { probeOf, type Probe, type TakenByScenario, type TakenNames } from './probe.ts';
import { requestWords, type RequestCase, requestCase } from './request-case.ts';
import { sentenceOf, type Breadth, type NamedSource } from './sentence.ts';

export { withProbe, type Probe, type TakenByScenario } from './probe.ts';

/** A change of a policy that the scenario's probes do not notice. */
export interface SurvivorQuestion extends Owner {
  /** The scenario as declared, with the original policy. */
  readonly scenario: Scenario;
  /** The scenario's declaration with the changed policy. */
  readonly changed: ScenarioSpec;
  readonly taken: TakenByScenario;
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
  ) as [Scene, Scene];
  const versions = { before, after, owner: question };
  const limits = new Set<string>();
  let unreachable: Survivor | undefined;
  const results = new Map<string, Difference>();
  let isCompared = false;
  for (const policyQuestion of questionsOf(versions)) {
    await setImmediate();
    isCompared = true;
    const { comparison, caller } = policyQuestion;
    if (caller?.undecided !== undefined) limits.add(caller.undecided);
    const result = remembered(results, JSON.stringify(comparison), () => difference(comparison));
    if (result.kind === 'equivalent') continue;
    result.limits.forEach((limit) => limits.add(limit));
    const all = result.kind === 'differs' ? result.differences : [];
    // EKS Auth and tokens of the clusters are asked about apart.
    const isApart = ({ request: { principal } }: RequestDifference): boolean =>
      ['service', 'federated'].includes(principal.kind) && isOfPods(before, principalName(principal));
    const examples = all
      .filter((one) => (comparison.onlyPrincipals === true || !isApart(one)) && hasNames(one))
      .sort((one, other) => one.newly.localeCompare(other.newly));
    for (const example of [...examples, ...(examples.length === 0 ? [] : probeable(comparison))]) {
      const survivor = explainedBy(versions, policyQuestion, example);
      if (survivor !== undefined) return survivor;
    }
    const [first] = examples;
    if (first !== undefined && unreachable === undefined) {
      const sentence = requestWords(before, first, caller?.context);
      unreachable = { kind: 'explained', sentence, request: requestCase(first, sentence) };
    }
    // The given principals are compared first, so others hide no difference of theirs.
    else if (
      first === undefined &&
      (all.some((one) => !hasNames(one)) ||
        (all.length > 0 && comparison.onlyPrincipals !== true && namesOthers(comparison)))
    )
      limits.add('only requests that AWS does not send differ');
  }
  if (unreachable !== undefined) return unreachable;
  if (!before.isComplete() || !after.isComplete()) limits.add('a policy has a name that only a run knows');
  if (!isCompared) limits.add('nobody has the role');
  return limits.size === 0 ? { kind: 'equivalent' } : { kind: 'not decided', limits: [...limits] };
}

/** Whether namespaces and service accounts have names that Kubernetes accepts. */
const hasNames = ({ request: { context } }: RequestDifference): boolean =>
  Object.entries(context).every(
    ([key, value]) =>
      !/^aws:(Request|Principal)Tag\/kubernetes-(namespace|service-account)$/i.test(key) || LABEL.test(String(value)),
  );

/** Whether a trust policy names users, roles or accounts. */
const namesOthers = ({ before, after }: Comparison): boolean =>
  [before, after].some(({ trustPolicy }) =>
    /"AWS"|"Principal":"\*"|"NotPrincipal"/.test(JSON.stringify(trustPolicy ?? '').replaceAll('\\"', '"')),
  );

const PROBE_ACTIONS = ['GetObject', 'PutObject', 'DeleteObject', 'GetObjectTagging', 'ListBucket'].map(
  (name) => `s3:${name}`,
);

/** Asks again for requests that operations of S3 can send. */
function probeable(comparison: Comparison): readonly RequestDifference[] {
  if (comparison.actions !== undefined) return [];
  const result = difference({ ...comparison, actions: PROBE_ACTIONS });
  return result.kind === 'differs' ? result.differences : [];
}

function explainedBy(
  versions: Versions & { readonly owner: SurvivorQuestion },
  policyQuestion: PolicyQuestion,
  { request }: RequestDifference,
): Survivor | undefined {
  const { before, after, owner } = versions;
  const { spec } = before.scenario;
  const taken = remembered<string, TakenNames>(owner.taken, owner.scenario.id, () => new Map());
  for (const attempt of attemptsFor(before, owner, policyQuestion, request)) {
    const candidate = withFreeAccount(attempt, [...Object.values(spec.workloads ?? {}), ...taken.values()]);
    const answer = decide(before, candidate);
    if (!isOther(answer, decide(after, changedBy(versions, candidate))) || answer === undefined) continue;
    // Probes must not change what later ones see.
    if (answer.refusal === undefined && isWriteOn(spec, candidate)) continue;
    if (spec.exactNames === true && SYSTEM_NAMESPACE.test(candidate.workload.namespace ?? 'app')) continue;
    const breadth = (source: NamedSource): Breadth => breadthOf(versions, candidate, source);
    const sentence = sentenceOf(candidate, breadth, answer.refusal !== undefined);
    return { kind: 'explained', sentence, probe: probeOf(owner.scenario, owner, candidate, answer, taken) };
  }
  return undefined;
}

/** Gives pods another service account if other workloads need another role for theirs. */
function withFreeAccount(candidate: Candidate, others: readonly WorkloadSpec[]): Candidate {
  const { workload, changed } = candidate;
  const isTaken = others.some((one) => isSameSubject(one, workload) && !hasSameRole(one, workload));
  if (!isTaken) return candidate;
  const serviceAccount = `${subjectOf(workload).serviceAccount}-2`;
  const renamed = { workload: { ...workload, serviceAccount }, changed: [...new Set([...changed, 'serviceAccount'])] };
  return withFreeAccount({ ...candidate, ...renamed }, others);
}

const isWriteOn = ({ objects = [] }: ScenarioSpec, { call }: Candidate): boolean =>
  (call.do === 'putObject' || call.do === 'deleteObject') && objects.some((object) => placeOf(object) === call.at);

/** Returns the attempt with the changed session or resource policy, which the attempt itself has. */
function changedBy({ before, after, owner }: Versions, candidate: Candidate): Candidate {
  const { call } = candidate;
  const policy = changedPolicy(before, after, owner);
  if (owner.part === 'resource' && call.do === 'authorize')
    return { ...candidate, call: { ...call, resourcePolicy: policy as never } };
  return withSessionPolicy(candidate, owner, policy);
}

/** Whether only one of the answers is a refusal. */
const isOther = (one: AttemptAnswer | undefined, other: AttemptAnswer | undefined): boolean =>
  one !== undefined && other !== undefined && (one.refusal === undefined) !== (other.refusal === undefined);

/** Tries other values of a source to see whether the change is about every value, or about a prefix. */
function breadthOf(versions: Versions, candidate: Candidate, source: NamedSource): Breadth {
  const value = candidate.workload[source] ?? 'app';
  const holds = (text: string): boolean => {
    const attempt = { ...candidate, workload: { ...candidate.workload, [source]: text } };
    return isOther(decide(versions.before, attempt), decide(versions.after, changedBy(versions, attempt)));
  };
  if (holds('unrelated') && holds('z')) return 'every';
  const [, start] = /^(.+)-2$/.exec(value) ?? [];
  return start !== undefined && holds(`${start}-3`) && holds(`${start}x`) ? { startsWith: start } : 'one';
}
