import { setImmediate } from 'node:timers/promises';
import type { AuthorizationInput } from '../../../identity/policy/index.ts';
import type { Scenario, ScenarioSpec } from '../../scenario/spec.ts';
import { decide, type AttemptAnswer } from '../../predict/attempt.ts';
import { candidatesOf, type Candidate } from './candidates.ts';
import { withExtraRoles, type Owner } from './extra-roles.ts';
import { NamedValues } from './named-values.ts';
import { probeOf, type Probe } from './probe.ts';
import { sceneOf, type Scene } from '../../predict/scene.ts';
import { unsearched } from './unsearched.ts';
import { sentenceOf, type Breadth, type NamedSource } from './sentence.ts';

export { withProbe, type Probe } from './probe.ts';

/** A change of a policy that no probe of a scenario notices. */
export interface SurvivorQuestion extends Owner {
  /** With the original policy. */
  readonly scenario: Scenario;
  /** The scenario's declaration with the changed policy. */
  readonly changed: ScenarioSpec;
  /** The original and the changed document, with names in angle brackets. */
  readonly documents: readonly [original: object, changed: object];
}

export type Survivor =
  | {
      readonly kind: 'explained';
      /** For example: pods of every service account whose name starts with `ledger` get the role `ledger`. */
      readonly sentence: string;
      /** A request that the two versions decide differently, with the original's policies. */
      readonly request: AuthorizationInput;
      /** Undefined if only pods of a namespace that every cluster has, such as `default`, can make the request. */
      readonly probe: Probe | undefined;
    }
  /** All tried requests are decided alike. `limits`: bounds and untried requests, in words; none if the search was complete. */
  | { readonly kind: 'equivalent'; readonly limits: readonly string[] };

/** Scenarios cannot make these, because they exist. */
const SYSTEM_NAMESPACE = /^(default|kube-.+)$/;

/** Limits the search to about a second. */
export const MOST_ATTEMPTS = 10_000;

/**
 * Searches the attempts that pods of the scenario's kind can make (docs/loosen.md, "The space of the search") for one
 * that the two versions of a policy answer differently, nearest to the scenario first.
 */
export async function explainSurvivor(question: SurvivorQuestion): Promise<Survivor> {
  const { scenario, changed, documents } = question;
  const scenes = [scenario.spec, changed].map((spec) => sceneOf({ ...scenario, spec: withExtraRoles(spec, question) }));
  const [before, after] = scenes as [Scene, Scene];
  const named = new NamedValues(documents.map((document) => before.names.expandAll(document)));
  let survivor: Survivor | undefined;
  let tried = 0;
  const limits = new Set<string>();
  let made = 0;
  for (const candidate of candidatesOf(before, question, named, (limit) => limits.add(limit))) {
    if (tried === MOST_ATTEMPTS) {
      limits.add(`the search stops after ${MOST_ATTEMPTS} requests`);
      break;
    }
    tried += 1;
    // Lets timers fire, as in `judgeChanges`.
    if (tried % 100 === 0) await setImmediate();
    const [answer, other] = [decide(before, candidate), decide(after, candidate)];
    if ((answer === undefined) !== (other === undefined))
      limits.add('some requests can be made with one version of the policy only');
    if (answer === undefined) continue;
    made += 1;
    if (!isOther(answer, other)) continue;
    const isProbe = scenario.spec.exactNames !== true || !SYSTEM_NAMESPACE.test(candidate.workload.namespace ?? 'app');
    if (!isProbe && survivor !== undefined) continue;
    const breadth = (source: NamedSource): Breadth => breadthOf(before, after, candidate, source);
    survivor = {
      kind: 'explained',
      sentence: sentenceOf(candidate, breadth, answer.refusal !== undefined),
      request: answer.last,
      probe: isProbe ? probeOf(scenario.spec, question, candidate, answer) : undefined,
    };
    if (isProbe) return survivor;
  }
  if (survivor !== undefined) return survivor;
  if (made === 0) limits.add('no request can be made');
  if (!before.isComplete() || !after.isComplete()) limits.add('a policy has a name that only a run knows');
  return { kind: 'equivalent', limits: [...limits, ...unsearched(documents)] };
}

/** Whether only one of the answers is a refusal. */
const isOther = (one: AttemptAnswer | undefined, other: AttemptAnswer | undefined): boolean =>
  one !== undefined && other !== undefined && (one.refusal === undefined) !== (other.refusal === undefined);

/** Tries other values of a source to see whether the change is about every value, or about a prefix. */
function breadthOf(before: Scene, after: Scene, candidate: Candidate, source: NamedSource): Breadth {
  const value = candidate.workload[source] ?? 'app';
  const holds = (text: string): boolean => {
    const attempt = { ...candidate, workload: { ...candidate.workload, [source]: text } };
    return isOther(decide(before, attempt), decide(after, attempt));
  };
  if (holds('unrelated') && holds('z')) return 'every';
  const [, start] = /^(.+)-2$/.exec(value) ?? [];
  return start !== undefined && holds(`${start}-3`) && holds(`${start}x`) ? { startsWith: start } : 'one';
}
