import { allow, podIdentityRole } from '../../scenario/policy.ts';
import { associationOf, placeOf } from '../../scenario/parts.ts';
import type { ObjectSpec, ScenarioSpec, WorkloadSpec } from '../../scenario/spec.ts';
import {
  assumeRole,
  assumeWithWebIdentity,
  chain,
  deleteObject,
  denied,
  fetchCredentials,
  getObject,
  getObjectTagging,
  granted,
  listObjects,
  putObject,
  refused,
} from '../../operations/index.ts';
import type { Answer, Assumption, Attempt } from './attempt.ts';
import { grantOf, INTRUDER, isSame, OUTSIDE, outsideRole, roleOf, type Candidate, type Owner } from './candidates.ts';

/** What a scenario needs in addition to notice a change, as data and as TypeScript. */
export interface Probe {
  readonly addition: Required<Pick<ScenarioSpec, 'roles' | 'workloads' | 'objects' | 'probes'>>;
  /** Entries of the scenario's members, such as `workloads`: `'ledger-2': { serviceAccount: 'ledger-2', role: 'ledger' }`. */
  readonly code: Readonly<Record<'roles' | 'workloads' | 'objects' | 'probes', readonly string[]>>;
  /** Names to import from the package. */
  readonly imports: readonly string[];
}

const BUILDERS = {
  ...{ allow, podIdentityRole, assumeRole, assumeWithWebIdentity, chain, deleteObject, denied },
  ...{ fetchCredentials, getObject, getObjectTagging, granted, listObjects, putObject, refused },
};

/** A call of a builder, such as `getObject('data/key')`, which can be made and written. */
class Built {
  readonly name: keyof typeof BUILDERS;
  readonly given: readonly unknown[];

  constructor(name: keyof typeof BUILDERS, ...given: readonly unknown[]) {
    this.name = name;
    this.given = given;
  }

  get value(): unknown {
    return (BUILDERS[this.name] as (...given: readonly unknown[]) => unknown)(...this.given.map(valueOf));
  }

  get names(): readonly string[] {
    return [this.name, ...this.given.flatMap((one) => (one instanceof Built ? one.names : namesIn(one)))];
  }
}

const namesIn = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null
    ? Object.values(value).flatMap((one: unknown) => (one instanceof Built ? one.names : namesIn(one)))
    : [];

function valueOf(value: unknown): unknown {
  if (value instanceof Built) return value.value;
  if (Array.isArray(value)) return value.map(valueOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, valueOf(item)]));
}

/** Writes a value as TypeScript in the project's style. */
export function codeOf(value: unknown): string {
  if (value instanceof Built) return `${value.name}(${value.given.map(codeOf).join(', ')})`;
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(codeOf).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${keyOf(key)}: ${codeOf(item)}`)
    .join(', ')} }`;
}

const keyOf = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : codeOf(key));

/** Returns the probe with which a scenario notices that an attempt is answered otherwise than `answer`. */
export function probeOf(spec: ScenarioSpec, owner: Owner, candidate: Candidate, { refusal }: Answer): Probe {
  const known = Object.entries(spec.workloads ?? {}).find(([, workload]) => isSame(workload, candidate.workload));
  const name = known?.[0] ?? workloadName(spec, candidate);
  const { outcome, ...details } = refusal ?? { outcome: 'granted' as const };
  const operation = operationOf(candidate);
  const probe = new Built(outcome, name, operation, ...(refusal === undefined ? [] : [details]));
  const roles = Object.entries(rolesOf(spec, owner, candidate));
  const workloads: readonly (readonly [string, WorkloadSpec])[] =
    known === undefined ? [[name, grantOf(candidate.workload) ?? {}]] : [];
  const objects = objectsOf(spec, candidate);
  const entries = (pairs: readonly (readonly [string, unknown])[]): readonly string[] =>
    pairs.map(([key, value]) => `${keyOf(key)}: ${codeOf(value)}`);
  return {
    addition: {
      roles: valueOf(Object.fromEntries(roles)) as Probe['addition']['roles'],
      workloads: Object.fromEntries(workloads),
      ...{ objects, probes: [probe.value as Probe['addition']['probes'][number]] },
    },
    code: {
      ...{ roles: entries(roles), workloads: entries(workloads) },
      ...{ objects: objects.map(codeOf), probes: [codeOf(probe)] },
    },
    imports: [...new Set([...probe.names, ...roles.flatMap(([, role]) => namesIn([role]))])].sort(),
  };
}

/** Adds a probe to a scenario. */
export const withProbe = (spec: ScenarioSpec, { addition }: Probe): ScenarioSpec => ({
  ...spec,
  roles: { ...spec.roles, ...addition.roles },
  workloads: { ...spec.workloads, ...addition.workloads },
  objects: [...(spec.objects ?? []), ...addition.objects],
  probes: [...spec.probes, ...addition.probes],
});

/** A name that says how the pod differs from the scenario's, so that equal pods have equal names. */
function workloadName({ workloads = {} }: ScenarioSpec, { workload, like, changed }: Candidate): string {
  const { serviceAccount = 'app', namespace = 'app', cluster = 'c1', role } = workload;
  const parts = [
    serviceAccount,
    ...(changed.includes('namespace') ? [`in-${namespace}`] : []),
    ...(changed.includes('cluster') ? [`on-${cluster}`] : []),
    ...(changed.includes('tags')
      ? [associationOf({ role: role ?? '' })?.disableSessionTags ? 'untagged' : 'tagged']
      : []),
    ...(changed.includes('audience') ? ['audience'] : []),
    ...(like === undefined ? [`as-${roleOf(workload) ?? ''}`] : []),
  ];
  let name = parts.join('-');
  while (Object.hasOwn(workloads, name)) name = `${name}-2`;
  return name;
}

const stepOf = ({ role, ...options }: Assumption): readonly unknown[] =>
  Object.keys(options).length === 0 ? [role] : [role, options];

function operationOf({ workload, through, call }: Attempt): Built {
  const options = through === undefined ? {} : { through: new Built('chain', ...stepOf(through)) };
  const given = (more: object): readonly unknown[] => {
    const all = { ...more, ...options };
    return Object.keys(all).length === 0 ? [] : [all];
  };
  switch (call.do) {
    case 'credentials':
      return workload.irsa === undefined
        ? new Built('fetchCredentials')
        : new Built('assumeWithWebIdentity', workload.irsa);
    case 'assumeRole':
      return new Built('assumeRole', ...stepOf(call.step));
    case 'listObjects':
      return new Built('listObjects', call.bucket, ...given(call.prefix === undefined ? {} : { prefix: call.prefix }));
    default:
      return new Built(call.do, call.at, ...given(call.tags === undefined ? {} : { tags: call.tags }));
  }
}

function rolesOf(
  spec: ScenarioSpec,
  { part, owner }: Owner,
  { workload, call }: Candidate,
): Record<string, Built | object> {
  const roles: Record<string, Built | object> = {};
  if (roleOf(workload) === INTRUDER && part === 'trust')
    roles[INTRUDER] = new Built(
      'podIdentityRole',
      new Built('allow', ['sts:AssumeRole', 'sts:TagSession'], `<role:${owner}>`),
    );
  if (roleOf(workload) === INTRUDER && part !== 'trust')
    roles[INTRUDER] = new Built('podIdentityRole', new Built('allow', 's3:*', [owner, `${owner}/*`]));
  if (call.do === 'assumeRole' && call.step.role === OUTSIDE) roles[OUTSIDE] = outsideRole(spec, owner);
  return Object.fromEntries(Object.entries(roles).filter(([name]) => spec.roles?.[name] === undefined));
}

/** A read needs its object, and another bucket needs any. */
function objectsOf({ objects = [] }: ScenarioSpec, { call, objectTags }: Candidate): readonly ObjectSpec[] {
  if (call.do === 'listObjects') {
    const isThere = objects.some((object) => placeOf(object).startsWith(`${call.bucket}/`));
    return isThere ? [] : [`${call.bucket}/x`];
  }
  if (!('at' in call) || objects.some((object) => placeOf(object) === call.at)) return [];
  return [objectTags === undefined ? call.at : { at: call.at, tags: objectTags }];
}
