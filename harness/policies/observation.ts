import { escapePattern } from '../../foundation/node/text.ts';
import type { CallRecord } from '../../emulator/index.ts';
import type { AuthorizationInput, CompiledPolicy, Decision } from '../../identity/policy/types.ts';
import type { ProbeOutcome, ScenarioResult } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import { placeOf } from '../scenario/parts.ts';
import { policyUses, type PolicyUse } from './policy-uses.ts';

/** A policy of a scenario as AWS received it. */
export interface UsedPolicy extends PolicyUse {
  /** The JSON with real names; undefined if a name was never known, so that AWS did not receive it either. */
  readonly text: string | undefined;
  /** Returns a document with real names; undefined if one is unknown. */
  readonly resolve: (document: object) => object | undefined;
  /** The name in decisions ends with it. Undefined for policies of sessions and probes, which have names of their own. */
  readonly suffix: string | undefined;
}

/** What one attempt of a scenario asked AWS, with all decisions and their questions. */
export interface Observation {
  readonly scenario: Scenario;
  readonly verdict: ScenarioResult['verdict'];
  readonly policies: readonly UsedPolicy[];
  /** ARNs of the objects that exist at its start. */
  readonly objects: ReadonlySet<string>;
  /** Calls that a policy of the scenario could decide, in the order in which AWS received them. */
  readonly calls: readonly CallRecord[];
  readonly probes: readonly { readonly outcome: ProbeOutcome; readonly requestIds: ReadonlySet<string> }[];
}

/** Receives the observation of each attempt. */
export type Observe = (observation: Observation) => void;

/** Returns what an attempt asked an AWS with a record. `since`: its start, in milliseconds since the epoch. */
export function observationOf(
  { environment, scenario, names }: ScenarioContext,
  { probes, calls, verdict }: Pick<ScenarioResult, 'probes' | 'calls' | 'verdict'>,
  since: number,
): Observation {
  const endings: Partial<Record<PolicyUse['part'], string>> = { attached: '-attached', boundary: '-boundary' };
  const policies = policyUses(scenario.spec).map((use): UsedPolicy => {
    const kind = use.part === 'bucket' || use.part === 'key' ? use.part : 'role-name';
    const nameOf = (): string => names.expand(`<${kind}:${use.owner}>`);
    const isUnnamed = ['session', 'chain', 'resource'].includes(use.part);
    const suffix = isUnnamed ? undefined : `${nameOf()}${endings[use.part] ?? ''}`;
    const resolve = (document: object): object | undefined => tried(() => names.expandAll(document));
    return { ...use, suffix, resolve, text: tried(() => names.policyText(use.policy)) };
  });
  const record = environment.aws.controls?.calls().filter(({ receivedAt }) => receivedAt >= since) ?? [];
  return {
    scenario,
    verdict,
    policies,
    objects: new Set((scenario.spec.objects ?? []).map((object) => names.resourceArn(placeOf(object)))),
    calls: record.filter((call) =>
      call.authorizations.some(({ decision }) =>
        decision.policies.some((policy) => policies.some((used) => hasNameOf(used, policy))),
      ),
    ),
    probes: probes.map((outcome) => ({
      outcome,
      requestIds: new Set((outcome.calls ?? []).flatMap((index) => calls[index]?.requestId ?? [])),
    })),
  };
}

function tried<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

const textOf = ({ document }: CompiledPolicy): string =>
  typeof document === 'string' ? document : JSON.stringify(document);

/** Whether a policy of a decision belongs to the same owner, even if it was changed since. */
export function hasNameOf({ kind, suffix, text }: UsedPolicy, policy: CompiledPolicy): boolean {
  if (policy.kind !== kind) return false;
  return suffix === undefined
    ? textOf(policy) === text
    : new RegExp(`(^|[ /])${escapePattern(suffix)}$`).test(policy.name);
}

export const isUsed = (used: UsedPolicy, policy: CompiledPolicy): boolean =>
  hasNameOf(used, policy) && textOf(policy) === used.text;

/** Returns a question in which `replace` has replaced policies. For policies that stay, `replace` returns undefined. */
export function substituted(
  input: AuthorizationInput,
  replace: (policy: CompiledPolicy) => CompiledPolicy | undefined,
): AuthorizationInput {
  const one = <T extends CompiledPolicy | undefined>(policy: T): T => {
    const changed = policy && replace(policy);
    return changed === undefined ? policy : ({ ...changed, name: policy!.name } as T);
  };
  const { identityPolicies, resourcePolicy, trustPolicy, sessionPolicies, permissionsBoundary } = input;
  return {
    ...input,
    identityPolicies: identityPolicies.map((policy) => one(policy)),
    resourcePolicy: one(resourcePolicy),
    trustPolicy: one(trustPolicy),
    sessionPolicies: sessionPolicies?.map((policy) => one(policy)),
    permissionsBoundary: one(permissionsBoundary),
  };
}

/** Whether two decisions differ in a way that callers can notice. */
export const differs = (one: Decision, other: Decision): boolean =>
  one.value !== other.value || one.deniedBy !== other.deniedBy;
