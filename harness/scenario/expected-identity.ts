import { ofWorkload } from './operation-registry.ts';
import { placeholdersIn } from './placeholders.ts';
import type { ProbeStep, ScenarioSpec } from './spec.ts';

/** Returns the name of the role that a probe must have. Undefined if it shows no identity, or must be refused the role. */
export function identityExpected(
  { workloads }: ScenarioSpec,
  { workload: name, operation, expectation }: Pick<ProbeStep, 'workload' | 'operation' | 'expectation'>,
): string | undefined {
  if (expectation.as !== undefined) return expectation.as;
  const descriptor = ofWorkload(operation);
  if (name === undefined || descriptor === undefined || descriptor.withoutIdentity === true) return undefined;
  const assumed = descriptor.assumes?.(operation);
  if (assumed !== undefined)
    return expectation.outcome === 'granted'
      ? placeholdersIn(assumed).find(({ kind }) => kind === 'role')?.name
      : undefined;
  const { role, irsa } = workloads?.[name] ?? {};
  if (role !== undefined) return typeof role === 'string' ? role : (role.targetRole ?? role.role);
  return typeof irsa === 'string' ? irsa : undefined;
}
