import { associationOf } from '../../scenario/parts.ts';
import type { ScenarioSpec, WorkloadSpec } from '../../scenario/spec.ts';
import type { Assumption, Attempt } from '../../predict/attempt.ts';
import { chainOf } from '../../policies/policy-uses.ts';
import { grantOf, roleOf, subjectOf } from '../../predict/grant.ts';
import { intruderOf, outsideOf, type Owner } from './extra-roles.ts';

/** Pods that can make requests, alone or through another role. */
export interface Pods extends Pick<Attempt, 'workload' | 'through'> {
  /** The workload of the scenario that they are, or that they were made of. */
  readonly like: string | undefined;
}

/** Returns the role whose session makes the requests. */
export const callerRole = ({ workload, through }: Pods): string | undefined => through?.role ?? roleOf(workload);

/**
 * Returns the pods that a policy may concern: those of the scenario and their chains of roles, the owner's first, and pods that the
 * scenario lacks: one of the other mechanism, one with a role that nothing else limits, and one of another account.
 */
export function podsOf(spec: ScenarioSpec, question: Owner): readonly Pods[] {
  const { part, owner } = question;
  const intruder = intruderOf(question);
  const declared = Object.entries(spec.workloads ?? {}).flatMap(([like, one]): Pods[] => {
    const workload = grantOf(one);
    return workload === undefined || one.starts === 'later' ? [] : [{ like, workload }];
  });
  const chained = chainsOf(spec).flatMap(([like, through]) =>
    declared.filter((pods) => pods.like === like).map((pods) => ({ ...pods, through })),
  );
  const all = [...declared, ...chained];
  const isOwners = (pods: Pods): boolean => [callerRole(pods), pods.like].includes(owner);
  const place = subjectOf(declared.find(isOwners)?.workload ?? declared[0]?.workload ?? {});
  const { [owner]: role } = spec.roles ?? {};
  const made = (grant: WorkloadSpec, through?: Assumption): Pods => ({
    like: undefined,
    workload: { ...place, ...grant },
    ...(through && { through }),
  });
  const roleOwners = part === 'trust' || (role !== undefined && !all.some(isOwners));
  return [
    ...all.filter(isOwners),
    ...all.filter((pods) => !isOwners(pods)),
    ...(roleOwners ? [made({ role: owner }), made({ irsa: owner })] : []),
    ...(['trust', 'bucket', 'key', 'resource'].includes(part) ? [made({ role: intruder })] : []),
    ...(part === 'bucket' ? [made({ role: intruder }, { role: outsideOf(question) })] : []),
  ];
}

/** Returns how workloads assume further roles, according to the probes. */
export function chainsOf({ probes }: ScenarioSpec): readonly (readonly [workload: string, step: Assumption])[] {
  const chains = probes.flatMap((step) => {
    const chain = chainOf(step);
    return step.kind === 'probe' && step.workload !== undefined && chain ? [[step.workload, chain] as const] : [];
  });
  return [...new Map(chains.map((one) => [JSON.stringify(one), one])).values()];
}

/** Whether pods could have session tags switched on or off. */
export const hasTagSwitch = ({ workload }: Pods): boolean => {
  const association = associationOf(workload);
  return association !== undefined && association.policy === undefined;
};

export const withoutTags = (workload: WorkloadSpec): boolean => associationOf(workload)?.disableSessionTags === true;
