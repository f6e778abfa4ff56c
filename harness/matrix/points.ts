/** Places scenarios on the axes of the decision matrix, by what they declare: nothing is listed by hand. */
import { associationOf } from '../scenario/parts.ts';
import { isOfCluster, placeholdersIn } from '../scenario/placeholders.ts';
import { described } from '../scenario/operation-registry.ts';
import type { ChainStep } from '../operations/sts.ts';
import type { Conditions, PermissionStatement, RawPolicy, RoleSpec, TrustStatement } from '../scenario/policy.ts';
import type { ActionStep, AssociationSpec, Operation, ProbeStep, Scenario, ScenarioSpec } from '../scenario/spec.ts';
import { ACTIONS, AXES, AXIS_NAMES, operatorsOf, tagOf, trustOf, type ActionName, type Axis } from './axes.ts';

/** Values of each axis that take part in one decision. */
export type Point = Readonly<Record<Axis, readonly string[]>>;

/** A statement, whatever policy it stands in. */
interface Statement {
  readonly policy: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** Undefined in a trust policy. */
  readonly resources: readonly string[] | undefined;
  readonly conditions: Conditions;
}

/** What steps have changed so far. */
interface State {
  readonly roles: Record<string, RoleSpec>;
  readonly associations: Record<string, AssociationSpec | undefined>;
  /** Workloads whose association a step has changed. */
  readonly changed: Set<string>;
}

/** Who acts: a workload, or a role by a token. */
type Subject = { readonly workload?: string; readonly role?: string };

/** The decisions that a scenario asserts: those of each probe, by each condition that takes part in it. */
export function pointsOf({ spec }: Scenario): readonly Point[] {
  const state: State = {
    roles: { ...spec.roles },
    associations: Object.fromEntries(
      Object.entries(spec.workloads ?? {}).map(([name, workload]) => [name, associationOf(workload)]),
    ),
    changed: new Set(),
  };
  const points: Point[] = [];
  for (const step of spec.probes) {
    if (step.kind === 'action') change(state, step);
    else points.push(...ofProbe(spec, state, step));
  }
  return points;
}

/** The same by the places of the values, as results have it, each once. A value that is on no axis is left out. */
export const placesOf = (scenario: Scenario): readonly string[] => {
  const placed = (axis: Axis, values: readonly string[]): string =>
    (AXES[axis] as readonly string[]).flatMap((value, place) => (values.includes(value) ? place : [])).join('+');
  return [...new Set(pointsOf(scenario).map((point) => AXIS_NAMES.map((axis) => placed(axis, point[axis])).join('.')))];
};

/** As steps write what they change: the policies of a role, its trust, or the association of a workload. */
interface Changing extends ActionStep {
  readonly role?: string;
  readonly permissions?: RoleSpec['permissions'];
  readonly trust?: RoleSpec['trust'];
  readonly workload?: string;
  readonly association?: string | AssociationSpec;
}

function change(state: State, step: Changing): void {
  const { do: name, role, permissions, trust, workload } = step;
  const before = role === undefined ? undefined : state.roles[role];
  if (role !== undefined && before !== undefined)
    state.roles[role] = { ...before, ...(permissions && { permissions }), ...(trust && { trust }) };
  if (workload === undefined || !name.endsWith('Association')) return;
  state.changed.add(workload);
  const association = typeof step.association === 'string' ? { role: step.association } : step.association;
  const kept = state.associations[workload];
  state.associations[workload] = association ?? (role === undefined ? undefined : { ...kept, role });
}

/** As operations write what the matrix asks about. */
interface Asking extends Operation {
  readonly call?: Asking;
  readonly session?: string | { readonly role: string };
  readonly at?: string;
  readonly bucket?: string;
  readonly keys?: readonly string[];
  readonly roleArn?: string;
  /** A role by its name, or one that is assumed. */
  readonly role?: string | ChainStep;
  readonly through?: ChainStep;
}

/** Operations that are another action of the matrix. */
const SAME: Readonly<Record<string, ActionName>> = {
  FetchCredentials: 'AssumeRoleForPodIdentity',
  AssumeRoleByProfile: 'AssumeRole',
  AssumeRoleByToken: 'AssumeRoleWithWebIdentity',
};

function ofProbe(spec: ScenarioSpec, state: State, step: ProbeStep): readonly Point[] {
  const asked = step.operation as Asking;
  const call = asked.call ?? asked;
  const action = SAME[call.do] ?? (call.do as ActionName);
  if (!Object.hasOwn(ACTIONS, action)) return [];
  const subject = subjectOf(step, asked);
  if (subject.workload === undefined && subject.role === undefined) return [];
  const { association, irsa, roles } = credentialsOf(spec, state, subject, call);
  const bucket = call.bucket ?? call.at?.split('/')[0];
  const places = call.at === undefined ? (call.keys?.map((key) => `${bucket}/${key}`) ?? [bucket ?? '*']) : [call.at];
  const trust = roles.flatMap((role) => statementsOf('trust', state.roles[role]?.trust));
  const statements = [
    ...trust,
    ...roles.flatMap((role) => permissionsOf(state.roles[role])),
    ...statementsOf('session', association?.policy),
    ...statementsOf('session', assumed(call)?.policy),
    ...statementsOf('bucket', spec.buckets?.[bucket ?? '']?.policy),
  ].filter((one) => decides(one, action, places));
  const cluster = spec.workloads?.[subject.workload ?? '']?.cluster ?? 'c1';
  const namespace = spec.workloads?.[subject.workload ?? '']?.namespace ?? 'app';
  const named = placeholdersIn([statements, trust]);
  const own = (isMeant: boolean): string => (isMeant ? 'other' : 'same');
  const common = {
    credentials: [sourceOf(step, association, irsa)],
    association: associationValues(association, state.changed.has(subject.workload ?? '')),
    trust: trustValues(trust),
    action: [action],
    cluster: [own(named.some((one) => isOfCluster(one) && one.name !== cluster))],
    account: accountsOf(spec, state, roles, bucket),
    namespace: [own(named.some(({ kind, name }) => kind === 'namespace' && name !== namespace))],
  };
  return comparisonsOf(statements).map((comparison) => ({ ...common, ...comparison }));
}

function subjectOf({ workload, operation }: ProbeStep, { session, roleArn, role: own }: Asking): Subject {
  if (workload !== undefined) return { workload };
  if (typeof own === 'string') return { role: own };
  if (typeof session === 'object') return { role: session.role };
  const [named] = described({ kind: 'probe', operation } as ProbeStep).descriptor.refersTo?.(operation).workloads ?? [];
  const role = roleNamed(roleArn);
  return { ...(named !== undefined && { workload: named }), ...(role !== undefined && { role }) };
}

const assumed = ({ through, role }: Asking): ChainStep | undefined =>
  through ?? (typeof role === 'string' ? undefined : role);

const roleNamed = (text: string | undefined): string | undefined =>
  placeholdersIn(text).find(({ kind }) => kind === 'role')?.name;

function credentialsOf(spec: ScenarioSpec, state: State, { workload, role }: Subject, call: Asking) {
  const association = workload === undefined ? undefined : state.associations[workload];
  const declared = spec.workloads?.[workload ?? '']?.irsa;
  const irsa = role ?? (typeof declared === 'string' ? declared : declared && '');
  const next = roleNamed(assumed(call)?.roleArn ?? call.roleArn);
  const roles = [association?.role, association?.targetRole, association === undefined ? irsa : undefined, next];
  return {
    association,
    irsa,
    roles: [...new Set(roles.filter((name) => name !== undefined && name !== ''))] as string[],
  };
}

function sourceOf({ expectation, operation }: ProbeStep, association: unknown, irsa: string | undefined): string {
  if (expectation.as === 'node' || expectation.as === 'static') return 'node or keys';
  if (operation.do === 'AssumeRoleWithWebIdentity' || operation.do === 'AssumeRoleByToken') return 'IRSA';
  if (association !== undefined) return irsa === undefined ? 'Pod Identity' : 'both';
  return irsa === undefined ? 'none' : 'IRSA';
}

function associationValues(association: AssociationSpec | undefined, isChanged: boolean): string[] {
  const values = isChanged ? ['changed'] : [];
  if (association === undefined) return [...values, 'none'];
  if (association.targetRole !== undefined) values.push('target role');
  if (association.policy !== undefined) values.push('session policy');
  else if (association.disableSessionTags === true) values.push('no session tags');
  return [...values, ...(values.every((one) => one === 'changed') ? ['role'] : [])];
}

function trustValues(trust: readonly Statement[]): string[] {
  const keys = trust.flatMap(({ conditions }) => Object.values(conditions).flatMap((block) => Object.keys(block)));
  const denies = trust.some(({ effect }) => effect === 'Deny') ? ['Deny'] : [];
  const values = [...new Set([...keys.map(trustOf), ...denies])];
  return values.length === 0 ? ['nothing'] : values;
}

function accountsOf(spec: ScenarioSpec, state: State, roles: readonly string[], bucket: string | undefined): string[] {
  const values = [
    ...(roles.some((role) => state.roles[role]?.account === 'other') ? ['role in another'] : []),
    ...(spec.buckets?.[bucket ?? '']?.account === 'other' ? ['bucket in another'] : []),
  ];
  return values.length === 0 ? ['same'] : values;
}

const isRaw = (policy: object): policy is RawPolicy => 'document' in policy;

type Document = readonly (PermissionStatement | TrustStatement)[] | RawPolicy | undefined;

/** The statements of a policy, written by builders or as a document. */
function statementsOf(policy: string, of: Document): readonly Statement[] {
  if (of === undefined) return [];
  const inTrust = policy === 'trust';
  if (!isRaw(of))
    return of.map(({ effect, actions, conditions = {}, ...rest }) => ({
      ...{ policy, effect, actions, conditions },
      resources: inTrust ? undefined : (rest as { readonly resources: readonly string[] }).resources,
    }));
  const all = [of.document['Statement'] ?? []].flat() as Readonly<Record<string, unknown>>[];
  const listed = (value: unknown): readonly string[] => [value ?? '*'].flat() as string[];
  return all.map((one) => ({
    ...{ policy, effect: String(one['Effect']), actions: listed(one['Action']) },
    resources: inTrust ? undefined : listed(one['Resource']),
    conditions: (one['Condition'] ?? {}) as Conditions,
  }));
}

const permissionsOf = (role: RoleSpec | undefined): readonly Statement[] => [
  ...statementsOf('inline', role?.permissions),
  ...statementsOf('managed', role?.attached),
  ...statementsOf('boundary', role?.boundary),
];

/** Whether a statement may be about an action at a place, as far as scenarios tell before names are real. */
function decides({ actions, resources }: Statement, action: ActionName, places: readonly string[]): boolean {
  const asked = ACTIONS[action];
  if (resources === undefined)
    return asked.startsWith('sts:AssumeRole') && actions.some((one) => /^(sts:|\*)/i.test(one));
  if (action === 'AssumeRoleForPodIdentity' || action === 'AssumeRoleWithWebIdentity') return false;
  if (!actions.some((one) => fits(one, asked))) return false;
  return resources.some((one) => /^arn:|[<$]/.test(one) || places.some((place) => fits(one, place)));
}

function fits(pattern: string, text: string): boolean {
  const escaped = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'i').test(text);
}

const VARIABLE = /\$\{([^}]+)\}/g;
const NO_TAG = { tag: ['none'], operator: ['none'] };
type Comparison = Pick<Point, 'policy' | 'tag' | 'operator'>;

/** What each statement compares a tag with, and where it stands. */
function comparisonsOf(statements: readonly Statement[]): readonly Comparison[] {
  if (statements.length === 0) return [{ policy: ['none'], ...NO_TAG }];
  return statements.flatMap(({ policy, conditions, resources = [] }) => {
    const inConditions = Object.entries(conditions).flatMap(([operator, block]) =>
      Object.entries(block).flatMap(([key, values]) =>
        tagsIn(key, [values].flat().join()).map((tag) => ({ tag: [tag], operator: operatorsOf(operator) })),
      ),
    );
    const inResources = tagsIn('', resources.join()).map((tag) => ({ tag: [tag], operator: ['Resource'] }));
    const all = [...inConditions, ...inResources];
    return (all.length > 0 ? all : [NO_TAG]).map((compared) => ({ policy: [policy], ...compared }));
  });
}

/** The tags that a condition names: by its key, and by variables in its values. */
const tagsIn = (key: string, text: string): string[] => [
  ...new Set(
    [tagOf(key), ...[...text.matchAll(VARIABLE)].map(([, name = '']) => tagOf(name))].filter(
      (tag) => tag !== undefined,
    ),
  ),
];
