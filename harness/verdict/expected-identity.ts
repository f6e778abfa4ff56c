import type { Expectation, Operation, ProbeStep } from '../scenario/spec.ts';
import { showsIdentity } from '../operations/describe.ts';
import { workload, type ScenarioWorld } from '../world/world.ts';

/** The role (by its name in the scenario) that a probe must act as: what it says, or what the workload was given. */
export function identityExpected(
  world: ScenarioWorld,
  { workload: name, operation, expectation }: Pick<ProbeStep, 'workload' | 'operation' | 'expectation'>,
): string | undefined {
  if (expectation.as !== undefined) return expectation.as;
  if (name === undefined || !showsIdentity(operation)) return undefined;
  const acting = throughRole(operation, expectation);
  if (acting.told) return acting.role;
  const { association, spec } = workload(world, name);
  return association?.targetRole ?? association?.role ?? (typeof spec.irsa === 'string' ? spec.irsa : undefined);
}

/** The role that an operation itself assumes, where it tells: only a grant shows it. */
function throughRole(
  operation: Operation,
  { outcome }: Expectation,
): { readonly told: boolean; readonly role?: string | undefined } {
  const role = (arn: string): string | undefined => /^<role:(.+)>$/.exec(arn)?.[1];
  if (operation.do === 'AssumeRoleWithWebIdentity') return { told: true, role: role(operation.roleArn) };
  const step = operation.do === 'AssumeRole' ? operation.role : 'through' in operation ? operation.through : undefined;
  if (step === undefined) return { told: false };
  return { told: true, role: outcome === 'granted' ? role(step.roleArn) : undefined };
}
