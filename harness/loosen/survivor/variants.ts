import type { ConditionContext } from '../../../identity/policy/index.ts';
import { REQUEST_CONTEXT_KEYS, type RequestContext } from '../../../identity/policy/global-keys.ts';
import { associationOf } from '../../scenario/parts.ts';
import type { WorkloadSpec } from '../../scenario/spec.ts';
import { audienceOf, hasSameRole, isSameSubject, subjectOf } from '../../predict/grant.ts';
import { RUN, type Scene } from '../../predict/scene.ts';
import type { Candidate } from './candidate.ts';
import { withoutTags, type Pods } from './pods.ts';

const CLUSTERS = ['c1', 'c2'] as const;
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const valuesOf = (values: ConditionContext, ...keys: readonly string[]): readonly string[] =>
  keys.flatMap((key) => valuesIn(values, (one) => one.toLowerCase() === key.toLowerCase()));
const valuesIn = (values: ConditionContext, isKey: (key: string) => boolean): readonly string[] =>
  Object.entries(values).flatMap(([key, value]) => (isKey(key) ? value : []));
const tagOf = (values: ConditionContext, tag: string): readonly string[] =>
  valuesOf(values, `aws:RequestTag/${tag}`, `aws:PrincipalTag/${tag}`);

/** Yields the pods as they are, and pods with the names, the tags and the network of a request. */
export function* variantsOf(
  { scenario: { spec }, names }: Scene,
  { workload, like }: Pods,
  values: ConditionContext,
  isAnyPod: boolean,
): Generator<Pick<Candidate, 'workload' | 'changed'>> {
  const subject = subjectOf(workload);
  const [sub = ''] = valuesIn(values, (key) => key.endsWith(':sub'));
  const [, , subNamespace, subAccount] = sub.split(':');
  const namespaces = [...tagOf(values, 'kubernetes-namespace'), ...(subNamespace ? [subNamespace] : [])];
  const accounts = [...tagOf(values, 'kubernetes-service-account'), ...(subAccount ? [subAccount] : [])];
  const aliases = namespaces.map((name) => aliasOf(name, (alias) => names.namespace(alias)) ?? 'other');
  const association = associationOf(workload);
  const switches = isAnyPod && association !== undefined && association.policy === undefined ? [false, true] : [false];
  const namesOf = (name: string, others: readonly string[]): ReadonlySet<string> =>
    new Set(isAnyPod ? [name, `${name}-2`, ...others] : [name]);
  for (const context of contextsOf(workload, values))
    for (const cluster of isAnyPod ? CLUSTERS : [subject.cluster])
      for (const namespace of namesOf(subject.namespace, ['other', ...aliases]))
        for (const account of namesOf(subject.serviceAccount, accounts))
          for (const isSwitched of switches) {
            const { context: _context, ...others } = workload;
            const variant: WorkloadSpec = {
              ...others,
              ...(cluster !== subject.cluster && { cluster }),
              ...(namespace !== subject.namespace && { namespace }),
              ...(account !== subject.serviceAccount && { serviceAccount: account }),
              ...(isSwitched &&
                association && { role: { ...association, disableSessionTags: !withoutTags(workload) } }),
              ...(context !== undefined && Object.keys(context).length > 0 && { context }),
              ...audienceIn(workload, values),
            };
            const declared = spec.workloads?.[like ?? ''] ?? workload;
            const original = subjectOf(declared);
            const sources = {
              ...{ mechanism: like === undefined, cluster: cluster !== original.cluster },
              ...{ namespace: namespace !== original.namespace, serviceAccount: account !== original.serviceAccount },
              tags: withoutTags(variant) !== withoutTags(declared),
              audience: audienceOf(variant) !== audienceOf(declared),
              context: context !== workload.context,
            };
            const changed = Object.entries(sources).flatMap(([source, isChanged]) => (isChanged ? [source] : []));
            const isPossible = [namespace, account].every((name) => LABEL.test(name) && !name.includes(RUN));
            if (isPossible && isFree(spec.workloads ?? {}, variant, changed)) yield { workload: variant, changed };
          }
}

const DEFAULT_AUDIENCE = 'sts.amazonaws.com';

function audienceIn(workload: WorkloadSpec, values: ConditionContext): Pick<WorkloadSpec, 'serviceAccountAnnotations'> {
  const [audience = audienceOf(workload)] = valuesIn(values, (key) => key.endsWith(':aud'));
  return workload.irsa === undefined || audience === undefined || audience === DEFAULT_AUDIENCE
    ? {}
    : { serviceAccountAnnotations: { audience } };
}

/** A service account has one association and one annotation. */
function isFree(
  workloads: Readonly<Record<string, WorkloadSpec>>,
  workload: WorkloadSpec,
  changed: readonly string[],
): boolean {
  const same = Object.values(workloads).filter((other) => isSameSubject(other, workload));
  return changed.length === 0 || same.every((other) => hasSameRole(other, workload));
}

/** Returns the context of the pods, and contexts with the keys of a request in addition or instead. */
function contextsOf({ context }: WorkloadSpec, values: ConditionContext): readonly (RequestContext | undefined)[] {
  const given = Object.fromEntries(
    REQUEST_CONTEXT_KEYS.flatMap((key) => {
      const [value, ...more] = valuesOf(values, key);
      return value === undefined ? [] : [[key, more.length === 0 ? value : [value, ...more]]];
    }),
  ) as { -readonly [Key in keyof RequestContext]: RequestContext[Key] };
  if (given['aws:SecureTransport'] === 'true') delete given['aws:SecureTransport'];
  const singles = Object.entries(given).map(([key, value]) => ({ ...context, [key]: value }));
  const isSame = JSON.stringify(given) === JSON.stringify(context ?? {});
  return isSame ? [context] : [context, ...singles, { ...context, ...given }, given];
}

/** Returns the short name of a real name, or undefined. */
export function aliasOf(name: string, nameOf: (alias: string) => string): string | undefined {
  const [start = '', end = ''] = nameOf('\u0000').split('\u0000');
  const isNamed = name.startsWith(start) && name.endsWith(end) && name.length > start.length + end.length;
  return isNamed ? name.slice(start.length, name.length - end.length) : undefined;
}
