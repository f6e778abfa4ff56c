/** The public API for the project's and users' suites. */
export { suite, type SuiteContext } from './scenario-files/suite-registry.ts';
export {
  allow,
  deny,
  forPrincipal,
  irsaRole,
  podIdentityRole,
  trustPodIdentity,
  trustRole,
  trustService,
  trustWebIdentity,
  type AccountAlias,
  type ClusterAlias,
  type Conditions,
  type PermissionPolicy,
  type PermissionStatement,
  type RawPolicy,
  type RoleSpec,
  type TrustPolicy,
  type TrustStatement,
} from './scenario/policy.ts';
export * from './operations/index.ts';
export type { RequestContext } from '../identity/policy/global-keys.ts';
export { policyFile, roleFile } from './scenario-files/policy-file.ts';
export {
  CAPABILITIES,
  type Capability,
  type ScenarioSpec,
  type WorkloadSpec,
  type AssociationSpec,
  type Expectation,
  type Step,
  type Scenario,
} from './scenario/spec.ts';
export type { Hook, HookContext } from './scenario/hooks.ts';
export type { Reporter, ReporterOptions, RunStart, ScenarioStart } from './report/reporter.ts';
export type { RunResults, ScenarioResult } from './results/results.ts';
