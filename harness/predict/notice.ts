import type { NamedDocument, PolicySet } from '../../identity/difference/index.ts';
import { authorize, compilePolicy, type AuthorizationInput, type CompiledPolicy } from '../../identity/policy/index.ts';
import type { Scenario } from '../scenario/spec.ts';
import { predictionsOf } from './prediction.ts';

const BUCKET = /arn:aws[\w-]*:s3:::[^"*/$]+/g;

/** Returns a policy's JSON text with the names of buckets numbered, because suites rename them, and the names. */
function withoutNames(document: string | object): { readonly text: string; readonly names: readonly string[] } {
  const text = JSON.stringify(typeof document === 'string' ? JSON.parse(document) : document);
  const names = [...new Set(text.match(BUCKET))];
  return { text: text.replaceAll(BUCKET, (name) => `bucket ${names.indexOf(name)}`), names };
}

/**
 * Returns probes whose last request, as predicted before a run, is decided differently if the changed policy is on the other side. Suites
 * may read the policy before the change or after it.
 */
export function noticingProbes(
  scenarios: readonly Scenario[],
  { before, after }: { readonly before: PolicySet; readonly after: PolicySet },
  policy: string,
): readonly string[] {
  const find = (set: PolicySet): NamedDocument | undefined =>
    (Object.values(set).flat() as (NamedDocument | undefined)[]).find((one) => one?.name === policy);
  const [was, is] = [find(before), find(after)];
  const replaced = (one: CompiledPolicy): CompiledPolicy | undefined => {
    const own = withoutNames(one.document);
    for (const [from, to] of [
      [was, is],
      [is, was],
    ] as const) {
      const known = from && withoutNames(from.document);
      if (known?.text !== own.text) continue;
      if (to === undefined) return undefined;
      const renamed = JSON.stringify(
        typeof to.document === 'string' ? JSON.parse(to.document) : to.document,
      ).replaceAll(BUCKET, (name) => own.names[known.names.indexOf(name)] ?? name);
      return compilePolicy(renamed, { kind: one.kind, name: one.name });
    }
    return one;
  };
  const isNoticed = (input: AuthorizationInput): boolean => {
    const { identityPolicies, resourcePolicy, trustPolicy, sessionPolicies, permissionsBoundary } = input;
    const other = {
      ...input,
      identityPolicies: identityPolicies.flatMap((one) => replaced(one) ?? []),
      resourcePolicy: resourcePolicy && replaced(resourcePolicy),
      trustPolicy: trustPolicy && replaced(trustPolicy),
      sessionPolicies: sessionPolicies?.flatMap((one) => replaced(one) ?? []),
      permissionsBoundary: permissionsBoundary && replaced(permissionsBoundary),
    };
    const isAllowed = (one: AuthorizationInput): boolean => authorize(one).value === 'allowed';
    return isAllowed(input) !== isAllowed(other);
  };
  return scenarios.flatMap((scenario) => {
    const steps = scenario.spec.probes;
    return [...predictionsOf(scenario)].flatMap(([step, { last }]) =>
      isNoticed(last)
        ? [`${scenario.id} probe ${steps.filter(({ kind }) => kind !== 'action').indexOf(step as never) + 1}`]
        : [],
    );
  });
}
