import { ofHarness, ofWorkload, stepOf } from '../scenario/operation-registry.ts';
import type { ActionStep, ProbeStep, Scenario } from '../scenario/spec.ts';

/**
 * Consecutive probes that all workloads run concurrently, after the preceding actions. Probes that stand alone or count
 * calls form separate groups.
 */
export interface ProbeGroup {
  readonly number: number;
  readonly probes: readonly NumberedProbe[];
}

export interface NumberedProbe {
  /** Index among the probes of the scenario, 0-based. */
  readonly number: number;
  readonly step: ProbeStep;
}

export type Stage =
  { readonly kind: 'group'; readonly group: ProbeGroup } | { readonly kind: 'action'; readonly action: ActionStep };

const countsCalls = ({ operation, expectation }: ProbeStep): boolean =>
  ofWorkload(operation)?.countsCalls?.(expectation) === true;

/** Whether one of two probes would count the other's calls. */
const mustBeIsolated = (one: ProbeStep, other: ProbeStep): boolean =>
  one.workload !== other.workload && (countsCalls(one) || countsCalls(other));

export function stages(scenario: Scenario): readonly Stage[] {
  const result: Stage[] = [];
  let number = 0;
  let open: NumberedProbe[] | undefined;
  let groups = 0;
  for (const step of scenario.spec.probes) {
    if (step.kind === 'action') {
      open = undefined;
      result.push({ kind: 'action', action: step });
      continue;
    }
    const alone = ofHarness(step.operation)?.standsAlone === true;
    if (open === undefined || alone || open.some((probe) => mustBeIsolated(probe.step, step))) {
      open = [];
      result.push({ kind: 'group', group: { number: groups, probes: open } });
      groups += 1;
    }
    open.push({ number, step });
    number += 1;
    if (alone) open = undefined;
  }
  return result;
}

export interface PodGroups {
  readonly groups: readonly ProbeGroup[];
  /** Whether a step or a group of other workloads precedes the pod's first group. */
  readonly deferred: boolean;
}

/** Returns the groups of a pod that starts at stage `fromStage`, up to the stage that ends it. */
export function podStages(all: readonly Stage[], workload: string, fromStage: number): PodGroups {
  const groups: ProbeGroup[] = [];
  let deferred = false;
  for (const stage of all.slice(fromStage)) {
    if (stage.kind === 'action' && stepOf(stage.action).endsPodOf?.(stage.action) === workload) break;
    const { probes = [], number = 0 } = stage.kind === 'group' ? stage.group : {};
    const workloadProbes = probes.filter(({ step }) => step.workload === workload);
    if (workloadProbes.length > 0) groups.push({ number, probes: workloadProbes });
    deferred ||= groups.length === 0;
  }
  return { groups, deferred: deferred && groups.length > 0 };
}

/** Whether the probes up to the next step that changes credentials expect that these workloads get none. */
export function expectsRefusal(all: readonly Stage[], fromStage: number, workloads: readonly string[]): boolean {
  const expected: string[] = [];
  for (const stage of all.slice(fromStage)) {
    if (stage.kind === 'group')
      for (const { step } of stage.group.probes)
        if (step.workload !== undefined && workloads.includes(step.workload)) expected.push(step.expectation.outcome);
    if (stage.kind === 'action' && stepOf(stage.action).keepsCredentials !== true) break;
  }
  return expected.length > 0 && expected.every((outcome) => outcome === 'refused');
}
