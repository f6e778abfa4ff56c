import { associationOf, placeOf } from '../../scenario/parts.ts';
import type { ObjectSpec, ScenarioSpec } from '../../scenario/spec.ts';
import type { Answer, Assumption, Attempt, ServiceCall } from '../../predict/attempt.ts';
import { Built, Code, codeOf, entriesOf, namesIn, valueOf } from './built.ts';
import type { Candidate } from './attempts.ts';
import { extraRoles, OUTSIDE, type Owner } from './extra-roles.ts';
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

/** Returns the probe with which a scenario notices that an attempt is answered otherwise than `answer`. */
export function probeOf(spec: ScenarioSpec, owner: Owner, candidate: Candidate, { refusal }: Answer): Probe {
  const { workload, call } = candidate;
  const known = Object.entries(spec.workloads ?? {}).find(([, one]) => isSame(one, workload));
  const name = known?.[0] ?? workloadName(spec, candidate);
  const { outcome, ...details } = refusal ?? { outcome: 'granted' as const };
  const probes = [
    call.do === 'authorize'
      ? new Built(
          refusal === undefined ? 'may' : 'mayNot',
          name,
          call.action,
          ...argumentsOf(call.resource, serviceOptions(call)),
        )
      : new Built(outcome, name, operationOf(candidate), ...(refusal === undefined ? [] : [details])),
  ];
  const used = [roleOf(workload), ...(call.do === 'assumeRole' ? [call.step.role] : [])];
  const roles = Object.fromEntries(
    Object.entries(extraRoles(spec, owner)).filter(([role]) => used.includes(role) && !spec.roles?.[role]),
  );
  const workloads = known === undefined ? { [name]: grantOf(workload) } : {};
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

/** A name that says how the pod differs from the scenario's, so that equal pods have equal names. */
function workloadName({ workloads = {} }: ScenarioSpec, { workload, like, changed }: Candidate): string {
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
  const ending = like === undefined ? `-as-${roleOf(workload) ?? OUTSIDE}` : '';
  const words = `${serviceAccount}${changed.map((source) => parts[source] ?? '').join('')}${ending}`;
  // Pods get this name.
  let name = words.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  while (Object.hasOwn(workloads, name)) name = `${name}-2`;
  return name;
}

/** Returns the arguments without an empty object at the end. */
const argumentsOf = (first: string, options: object): readonly unknown[] =>
  Object.keys(options).length === 0 ? [first] : [first, options];
const stepOf = ({ role, ...options }: Assumption): readonly unknown[] => argumentsOf(role, options);

const serviceOptions = ({ context, resourcePolicy }: ServiceCall): object => ({
  ...(context && { context }),
  ...(resourcePolicy && { resourcePolicy: new Code('resourcePolicy', resourcePolicy) }),
});

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

/** A read needs its object, and another bucket needs any. */
function objectsOf({ objects = [] }: ScenarioSpec, { call, objectTags }: Candidate): readonly ObjectSpec[] {
  const isThere = (start: string): boolean => objects.some((object) => `${placeOf(object)}/`.startsWith(`${start}/`));
  if (call.do === 'listObjects') return isThere(call.bucket) ? [] : [`${call.bucket}/x`];
  if (!('at' in call) || isThere(call.at)) return [];
  return [objectTags === undefined ? call.at : { at: call.at, tags: objectTags }];
}
