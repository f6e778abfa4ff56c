import type { Settings, Identity } from '../options.ts';
import { patchOf, type PatchOperation } from './patch.ts';
import { containerCredentialsPlan, webIdentityPlan, type MutationPlan } from './plan.ts';
import type { Pod } from '../kubernetes-types.ts';

export interface Knowledge {
  readonly associated: boolean;
  /** Identity of the service account's annotations; undefined if the webhook does not know the service account. */
  readonly annotated?: Identity | undefined;
  /** Identity in the config map, under the service account's namespace. */
  readonly configured?: Identity | undefined;
  /** Identity in the config map, under the namespace `*`. */
  readonly configuredAnywhere?: Identity | undefined;
}

export interface Mutation {
  readonly method: MutationPlan['method'];
  readonly patch: readonly PatchOperation[];
}

/** Returns the mutation of a new pod, if any. Associations precede annotations, which precede the config map. */
export function mutatePod(pod: Pod, lookup: Knowledge, settings: Settings): Mutation | undefined {
  const plan = planFor(pod, lookup, settings);
  return plan && { method: plan.method, patch: patchOf(pod, plan) };
}

function planFor(pod: Pod, lookup: Knowledge, settings: Settings): MutationPlan | undefined {
  const identity = withRole(lookup.annotated) ?? lookup.configured ?? lookup.configuredAnywhere;
  const webIdentity = withRole(identity);
  if (lookup.associated) return containerCredentialsPlan(pod, lookup.annotated ?? lookup.configured, settings);
  return webIdentity && webIdentityPlan(pod, webIdentity, settings);
}

const withRole = (identity: Identity | undefined): Identity | undefined =>
  identity !== undefined && identity.roleArn !== '' ? identity : undefined;
