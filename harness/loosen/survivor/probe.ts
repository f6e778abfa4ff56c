import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { associationOf, placeOf } from '../../scenario/parts.ts';
import type { ObjectSpec, Scenario, ScenarioSpec, WorkloadSpec } from '../../scenario/spec.ts';
import type { AttemptAnswer, Assumption, Attempt, ServiceCall } from '../../predict/attempt.ts';
import { Built, Code, codeOf, entriesOf, namesIn, valueOf } from './built.ts';
import type { Candidate } from './candidate.ts';
import { extraRoles, type Owner } from './extra-roles.ts';
import { grantOf, isSame, roleOf, subjectOf } from '../../predict/grant.ts';

type Members = Required<Pick<ScenarioSpec, 'roles' | 'workloads' | 'objects' | 'probes'>>;

/** What a scenario needs in addition to notice a change, as data and as TypeScript. */
export interface Probe {
  readonly addition: Members;
  /** Entries of the scenario's members: in `workloads`, `'ledger-2': { serviceAccount: 'ledger-2', role: 'ledger' }`. */
  readonly code: Readonly<Record<keyof Members, readonly string[]>>;
  /** Names to import from the package. */
  readonly imports: readonly string[];
}

/** Workloads of earlier proposals by scenario and name, so that different pods get different names. */
export type TakenNames = Map<string, WorkloadSpec>;
export type TakenByScenario = Map<string, TakenNames>;

/** Returns the probe with which a scenario notices that an attempt is answered otherwise than `answer`. */
export function probeOf(
  { file, spec }: Scenario,
  owner: Owner,
  candidate: Candidate,
  { refusal }: AttemptAnswer,
  taken: TakenNames,
): Probe {
  const { workload, call, through } = candidate;
  const declared = Object.entries(spec.workloads ?? {}).find(([, one]) => isSame(one, workload));
  const name = declared?.[0] ?? workloadName(spec, candidate, taken);
  taken.set(name, workload);
  const { outcome, ...details } = refusal ?? { outcome: 'granted' as const };
  const probes = [
    call.do === 'authorize'
      ? new Built(
          refusal === undefined ? 'may' : 'mayNot',
          name,
          call.action,
          ...argumentsOf(call.resource, serviceOptions(call, file)),
        )
      : new Built(outcome, name, operationOf(candidate), ...(refusal === undefined ? [] : [details])),
  ];
  const used = JSON.stringify([roleOf(workload), through?.role, call.do === 'assumeRole' && call.step.role]);
  const extra = Object.entries(extraRoles(spec, owner)).filter(([role]) => !spec.roles?.[role]);
  const isUsed = ([role]: readonly [string, unknown]): boolean => used.includes(`"${role}"`);
  // A role that a used one may assume is needed with it.
  const roles = Object.fromEntries(
    extra.filter(
      (one) =>
        isUsed(one) || extra.some((other) => isUsed(other) && JSON.stringify(other).includes(`<role:${one[0]}>`)),
    ),
  );
  const workloads = declared === undefined ? { [name]: grantOf(workload) } : {};
  const objects = objectsOf(spec, candidate);
  return {
    addition: valueOf({ roles, workloads, objects, probes }) as Members,
    code: {
      ...{ roles: entriesOf(roles), workloads: entriesOf(workloads) },
      ...{ objects: objects.map(codeOf), probes: probes.map(codeOf) },
    },
    imports: [...new Set(namesIn([probes, roles]))].sort(),
  };
}

/** Adds a probe to a scenario, before steps that change policies. */
export const withProbe = (spec: ScenarioSpec, { addition }: Probe): ScenarioSpec => ({
  ...spec,
  roles: { ...spec.roles, ...addition.roles },
  workloads: { ...spec.workloads, ...addition.workloads },
  objects: [...(spec.objects ?? []), ...addition.objects],
  probes: [...addition.probes, ...spec.probes],
});

/** Returns a name that says how the pod differs from the scenario's, so that equal pods have equal names. */
function workloadName(
  { workloads = {} }: ScenarioSpec,
  { workload, like, changed }: Candidate,
  taken: TakenNames,
): string {
  const { context = {} } = workload;
  const earlier = workloads[like ?? '']?.context ?? {};
  const keys = Object.keys({ ...earlier, ...context }) as (keyof typeof context)[];
  const other = keys.find((key) => context[key] !== earlier[key]);
  const { cluster, namespace, serviceAccount } = subjectOf(workload);
  const parts: Readonly<Record<string, string>> = {
    namespace: `-in-${namespace}`,
    cluster: `-on-${cluster}`,
    tags: associationOf(workload)?.disableSessionTags === true ? '-untagged' : '-tagged',
    audience: '-audience',
    context: other === undefined ? '' : `-${other.slice(4)}-${String(context[other] ?? 'absent')}`,
  };
  const ending = like === undefined ? `-as-${roleOf(workload) ?? ''}` : '';
  const words = `${serviceAccount}${changed.map((source) => parts[source] ?? '').join('')}${ending}`;
  // Pods get this name.
  let name = words.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const isTaken = (one: string): boolean =>
    Object.hasOwn(workloads, one) || !isDeepStrictEqual(taken.get(one) ?? workload, workload);
  while (isTaken(name)) name = `${name}-2`;
  return name;
}

/** Returns the arguments without an empty object at the end. */
const argumentsOf = (first: string, options: object): readonly unknown[] =>
  Object.keys(options).length === 0 ? [first] : [first, options];
const stepOf = ({ role, ...options }: Assumption): readonly unknown[] => argumentsOf(role, options);

const serviceOptions = ({ context, resourcePolicy }: ServiceCall, file: string): object => ({
  ...(context && { context }),
  ...(resourcePolicy && { resourcePolicy: new Code(policyName(file) ?? codeOf(resourcePolicy), resourcePolicy) }),
});

/** Returns the name by which a suite file gives the policy of a resource, if it has one only. */
function policyName(file: string): string | undefined {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [name, ...others] = new Set(
    [...text.matchAll(/\bresourcePolicy(?::\s*([\w.]+))?\s*[,}]/g)].map(([, name = 'resourcePolicy']) => name),
  );
  return others.length === 0 ? name : undefined;
}

function operationOf({ workload, through, call }: Attempt): Built {
  const chained = through === undefined ? {} : { through: new Built('chain', ...stepOf(through)) };
  switch (call.do) {
    case 'credentials':
      return workload.irsa === undefined
        ? new Built('fetchCredentials')
        : new Built('assumeWithWebIdentity', workload.irsa);
    case 'assumeRole':
      return new Built('assumeRole', ...stepOf(call.step));
    case 'listObjects': {
      const { do: name, bucket, ...options } = call;
      return new Built(name, ...argumentsOf(bucket, { ...options, ...chained }));
    }
    case 'authorize':
      throw new Error('may and mayNot are probes of their own.');
    default: {
      const { do: name, at, ...options } = call;
      return new Built(name, ...argumentsOf(at, { ...options, ...chained }));
    }
  }
}

/** Returns the objects to declare: the one that is read, or any one if the request is for another bucket. */
function objectsOf({ objects = [] }: ScenarioSpec, { call, objectTags }: Candidate): readonly ObjectSpec[] {
  const places = objects.map(placeOf);
  if (call.do === 'listObjects')
    return places.some((at) => at.startsWith(`${call.bucket}/`)) ? [] : [`${call.bucket}/x`];
  if (!('at' in call) || places.includes(call.at)) return [];
  return [objectTags === undefined ? call.at : { at: call.at, tags: objectTags }];
}
