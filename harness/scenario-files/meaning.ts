import { nearest, suggestion } from '../../foundation/node/nearest.ts';
import type { References } from '../scenario/descriptor.ts';
import { described, operationOf, schemaOf, unknownName } from '../scenario/operation-registry.ts';
import { shown, type Problem } from '../scenario/checks.ts';
import { memberOf, misfit, type Misfit, type Path } from '../scenario/misfit.ts';
import { zodOf } from '../scenario/form.ts';
import { isThroughEndpoint } from '../../identity/policy/global-keys.ts';
import { associationOf, bucketsOf } from '../scenario/parts.ts';
import { placeholdersOf, PLACEHOLDER_KINDS } from '../scenario/placeholders.ts';
import { scenarioSchema, type ProbeStep, type ScenarioSpec, type Step } from '../scenario/spec.ts';

/** Returns the first value that the schema of scenarios or the form of an operation rejects. */
export function misshapen(spec: ScenarioSpec): Misfit | undefined {
  const problem = misfit(zodOf(scenarioSchema), spec, (path) => placeIn(spec, path));
  if (problem !== undefined) return problem;
  for (const [index, step] of spec.probes.entries()) {
    if (unknownName(step) !== undefined) continue;
    const { item, descriptor } = described(step);
    const bad = misfit(schemaOf(item.do, descriptor.form), item, memberOf(stepName(step, index)));
    if (bad !== undefined) return bad;
  }
  return undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  roles: 'role',
  workloads: 'workload',
  buckets: 'bucket',
  keys: 'key',
  tokens: 'token',
  users: 'user',
};

/** Names an object of a scenario: `role "app"`, `"by" of probe 2 (denied GetObject)`. */
function placeIn(spec: ScenarioSpec, [member, name, ...rest]: Path): string {
  if (member === undefined) return 'the scenario';
  const kind = KINDS[String(member)];
  if (kind !== undefined && name !== undefined) return memberOf(`${kind} "${String(name)}"`)(rest);
  if (member === 'probes' && typeof name === 'number')
    return memberOf(stepName(spec.probes[name], name))(
      rest.filter((part, index) => part !== 'expectation' && (part !== 'operation' || index === rest.length - 1)),
    );
  if (typeof name !== 'number') return `"${String(member)}"`;
  return member === 'objects' || member === 'providers'
    ? memberOf(`${member.slice(0, -1)} ${name + 1}`)(rest)
    : `"${String(member)}"`;
}

function stepName(step: Partial<ProbeStep> | Step | undefined, index: number): string {
  const { expectation, operation, do: action } = (step ?? {}) as Partial<ProbeStep> & { readonly do?: string };
  const words = [expectation?.outcome, operation?.do ?? action].filter((word) => word !== undefined);
  return `probe ${index + 1}${words.length === 0 ? '' : ` (${words.join(' ')})`}`;
}

/** Returns a clause about a wrong value or name in a scenario, because no compiler checks users' suites. */
export function meaningless(spec: ScenarioSpec): string | undefined {
  for (const problem of problems(spec)) if (problem !== undefined) return problem;
  return undefined;
}

const CLUSTERS = ['c1', 'c2'];

function* problems(spec: ScenarioSpec): Generator<Problem> {
  for (const [name, { path = '/' }] of Object.entries(spec.roles ?? {}))
    // IAM allows visible ASCII, and the published policies (docs/iam) only allow such paths.
    if (!/^\/(conformance-[!-.0-~]*\/([!-.0-~]+\/)*)?$/.test(path))
      yield `"path" of role "${name}" is ${shown(path)}, but must have a form such as "/conformance-apps/red/"`;
  for (const [name, { boundTo }] of Object.entries(spec.tokens ?? {})) {
    // A token cannot be bound without a pod.
    if (
      boundTo !== undefined &&
      (spec.workloads?.[boundTo] === undefined || spec.workloads[boundTo].starts === 'later')
    )
      yield `"boundTo" of token "${name}" is ${shown(boundTo)}, but must name a workload of the scenario whose pod exists from the start`;
  }
  for (const [name, { context = {} }] of Object.entries(spec.workloads ?? {}))
    if (isThroughEndpoint(context) && context['aws:SourceIp'] !== undefined)
      yield `"context" of workload "${name}" has "aws:SourceIp", which requests through a VPC endpoint lack: use "aws:VpcSourceIp"`;
  // AWS Organizations User Guide, "Attaching and detaching policies": the last SCP cannot be detached.
  for (const { name, scps = {}, withoutFullAccess } of spec.organization?.levels ?? [])
    if (withoutFullAccess === true && Object.keys(scps).length === 0)
      yield `level "${name}" of "organization" has no service control policy, but AWS requires one: leave out "withoutFullAccess", or add "scps"`;
  for (const object of spec.objects ?? [])
    if (typeof object === 'object' && object.kmsKey !== undefined && spec.keys?.[object.kmsKey] === undefined)
      yield `object ${object.at} names key "${object.kmsKey}", which the scenario does not declare${hint(object.kmsKey, Object.keys(spec.keys ?? {}))}`;
  yield* ofServiceAccounts(spec);
  for (const step of spec.probes) yield* ofStep(spec, step);
  yield* ofPlaceholders(spec);
  yield* ofResources(spec);
}

/** A service account has one association and one role annotation. */
function* ofServiceAccounts({ workloads = {} }: ScenarioSpec): Generator<Problem> {
  const first = new Map<string, readonly [workload: string, grant: string]>();
  for (const [name, workload] of Object.entries(workloads)) {
    const { cluster = 'c1', namespace = 'app', serviceAccount = 'app', irsa } = workload;
    const account = `service account ${namespace}/${serviceAccount} of cluster ${cluster}`;
    for (const [part, given] of Object.entries({ role: associationOf(workload), irsa })) {
      const [earlier, grant] = first.get(part + account) ?? [name, JSON.stringify(given)];
      if (given !== undefined) first.set(part + account, [earlier, grant]);
      if (given !== undefined && grant !== JSON.stringify(given))
        yield `workloads "${earlier}" and "${name}" have different "${part}", but share ${account}: set "serviceAccount" of one of them`;
    }
  }
}

/** Checks the buckets of short resources, such as `data/red/*`, against similar names. Others may be missing on purpose. */
function* ofResources(spec: ScenarioSpec): Generator<Problem> {
  const buckets = bucketsOf(spec);
  for (const [name, { permissions, boundary, attached }] of Object.entries(spec.roles ?? {}))
    for (const statement of [permissions, boundary, attached].flat())
      for (const resource of statement !== undefined && 'resources' in statement ? statement.resources : []) {
        const bucket = resource.split('/')[0] ?? '';
        if (!/^(\*|arn:|<)/.test(resource) && !buckets.includes(bucket) && nearest(bucket, buckets) !== undefined)
          yield `role "${name}" names bucket "${bucket}", which the scenario does not declare${hint(bucket, buckets)}`;
      }
}

function* ofPlaceholders(spec: ScenarioSpec): Generator<Problem> {
  const { roles = {}, workloads = {} } = spec;
  const names: Readonly<Record<string, readonly string[]>> = {
    role: Object.keys(roles),
    'role-name': Object.keys(roles),
    // Stands for a bucket that does not exist.
    bucket: [...bucketsOf(spec), 'none'],
    key: Object.keys(spec.keys ?? {}),
    pod: Object.keys(workloads),
    'pod-uid': Object.keys(workloads),
    account: ['main', 'other'],
    ...Object.fromEntries(
      ['cluster', 'cluster-arn', 'region', 'issuer', 'provider-arn'].map((kind) => [kind, CLUSTERS]),
    ),
  };
  for (const { kind, name } of placeholdersOf(spec)) {
    if (!PLACEHOLDER_KINDS.includes(kind))
      yield `<${kind}:${name}> is unknown: ${suggestion(kind, PLACEHOLDER_KINDS, (near) => `<${near}:${name}>`)}`;
    const declared = names[kind];
    if (declared?.includes(name) === false)
      yield `it has <${kind}:${name}> in a text, but ${named(kind.replace('-name', ''), name, declared)}`;
  }
}

const named = (kind: string, name: string, declared: readonly string[]): string =>
  declared.length === 0
    ? `declares no ${kind} "${name}"`
    : `declares no ${kind} "${name}": ${suggestion(name, declared)}`;

function* ofStep(spec: ScenarioSpec, step: Step): Generator<Problem> {
  const unknown = unknownName(step);
  yield unknown;
  if (unknown !== undefined) return;
  const { item, descriptor } = described(step);
  if (step.kind === 'probe') yield* ofProbe(spec, step);
  const { workloads = [], pods = [], buckets, ...others } = descriptor.refersTo?.(item) ?? {};
  const undeclared = (kind: string, names: References[keyof References], declared: readonly string[]): Problem[] =>
    (names ?? []).map((name) =>
      name === undefined || name.includes('<') || declared.includes(name)
        ? undefined
        : `${item.do} names ${kind} "${name}", which the scenario does not declare${hint(name, declared)}`,
    );
  const acting = step.kind === 'probe' ? step.workload : undefined;
  yield* undeclared('workload', [acting, ...workloads, ...pods], Object.keys(spec.workloads ?? {}));
  yield* undeclared('bucket', buckets, bucketsOf(spec));
  for (const kind of ['role', 'token', 'user', 'key'] as const)
    yield* undeclared(kind, others[`${kind}s`], Object.keys(spec[`${kind}s`] ?? {}));
  yield* descriptor.check?.(item) ?? [];
}

const hint = (name: string, declared: readonly string[]): string =>
  declared.length === 0 ? '' : `: ${suggestion(name, declared)}`;

function* ofProbe(spec: ScenarioSpec, { operation, workload, expectation }: ProbeStep): Generator<Problem> {
  const { performedBy } = operationOf(operation);
  const { as, outcome, by } = expectation;
  if ((workload === undefined) !== (performedBy === 'harness'))
    yield `${operation.do} is performed by ${performedBy === 'harness' ? 'the harness: use succeeds() or fails()' : 'a workload: name it'}`;
  if ((outcome === 'denied' || outcome === 'refused') && by === undefined)
    yield `the ${outcome} ${operation.do} must name the layer that answers: add by, such as { by: 's3' }`;
  if ((as === 'node' || as === 'static') && spec.workloads?.[workload ?? '']?.context !== undefined)
    yield `${operation.do} expects the identity "${as}", but "context" of workload "${workload}" applies to sessions of Pod Identity and IRSA only`;
  const roles = Object.keys(spec.roles ?? {});
  if (as !== undefined && as !== 'node' && as !== 'static' && !roles.includes(as))
    yield `${operation.do} expects the identity of role "${as}", which the scenario does not declare${hint(as, roles)}`;
}
