import type { Check } from './check.ts';
import { agentMissing } from './pid101-agent-missing.ts';
import { agentNotReady } from './pid102-agent-not-ready.ts';
import { agentExcluded } from './pid103-agent-excluded.ts';
import { twoAgents } from './pid104-two-agents.ts';
import { addOnUnhealthy } from './pid105-add-on-unhealthy.ts';
import { agentOnAutoMode } from './pid106-agent-on-auto-mode.ts';
import { nodeRole } from './pid107-node-role.ts';
import { webhookMissing } from './pid201-webhook-missing.ts';
import { staleCaBundle } from './pid202-stale-ca-bundle.ts';
import { excludedBySelector } from './pid203-excluded-by-selector.ts';
import { twoWebhooks } from './pid204-two-webhooks.ts';
import { podOlder } from './pid301-pod-older.ts';
import { notInjected } from './pid302-not-injected.ts';
import { noServiceAccount } from './pid303-no-service-account.ts';
import { noNamespace } from './pid304-no-namespace.ts';
import { unusedAssociation } from './pid305-unused-association.ts';
import { noRole } from './pid306-no-role.ts';
import { unsupportedCompute } from './pid307-unsupported-node.ts';
import { orphanedAssociation } from './pid308-orphaned-association.ts';
import { noAssociation } from './pid309-no-association.ts';
import { trustDenies } from './pid401-trust-denies.ts';
import { noTagSession } from './pid402-no-tag-session.ts';
import { otherCluster } from './pid403-other-cluster.ts';
import { targetRole } from './pid404-target-role.ts';
import { trustPolicyLength } from './pid405-trust-policy-length.ts';
import { staticKeys } from './pid501-static-keys.ts';
import { profile } from './pid502-profile.ts';
import { ownWebIdentity } from './pid503-own-web-identity.ts';
import { ownEndpoint } from './pid504-own-endpoint.ts';
import { oldImage } from './pid505-old-image.ts';
import { refusedPods } from './pid506-refused-pods.ts';
import { skippedContainers } from './pid508-skipped-containers.ts';
import { noProvider } from './pid601-no-provider.ts';
import { missingAudience } from './pid602-audience.ts';
import { wrongProviderHost } from './pid603-dual-stack-provider.ts';
import { malformedAnnotation } from './pid604-annotation.ts';
import { wrongPartition } from './pid605-partition.ts';
import { noAnnotatedRole } from './pid606-no-annotated-role.ts';
import { webIdentityDenied } from './pid607-web-identity-denied.ts';
import { otherIssuer } from './pid608-other-issuer.ts';
import { noWebIdentity } from './pid609-no-web-identity.ts';
import { roleDiffers } from './pid610-role-differs.ts';
import { bothMechanisms } from './pid611-both.ts';
import { proxy } from './pid701-proxy.ts';
import { networkPolicy } from './pid702-network-policy.ts';
import { vpcEndpoint } from './pid703-vpc-endpoint.ts';
import { globalSts } from './pid704-global-sts.ts';
import { nodeRoleReachable } from './pid801-node-role-reachable.ts';
import { webIdentityTooWide } from './pid803-web-identity-too-wide.ts';
import { anyPrincipal } from './pid804-any-principal.ts';
import { conditionsWithoutEffect } from './pid805-conditions-without-effect.ts';
import { defaultAccount } from './pid806-default-account.ts';
import { imdsV1 } from './pid807-imds-v1.ts';

/** All checks, by id. */
export const CHECKS: readonly Check[] = [
  agentMissing,
  agentNotReady,
  agentExcluded,
  twoAgents,
  addOnUnhealthy,
  agentOnAutoMode,
  nodeRole,
  webhookMissing,
  staleCaBundle,
  excludedBySelector,
  twoWebhooks,
  podOlder,
  notInjected,
  noServiceAccount,
  noNamespace,
  unusedAssociation,
  noRole,
  unsupportedCompute,
  orphanedAssociation,
  noAssociation,
  trustDenies,
  noTagSession,
  otherCluster,
  targetRole,
  trustPolicyLength,
  staticKeys,
  profile,
  ownWebIdentity,
  ownEndpoint,
  oldImage,
  refusedPods,
  skippedContainers,
  noProvider,
  missingAudience,
  wrongProviderHost,
  malformedAnnotation,
  wrongPartition,
  noAnnotatedRole,
  webIdentityDenied,
  otherIssuer,
  noWebIdentity,
  roleDiffers,
  bothMechanisms,
  proxy,
  networkPolicy,
  vpcEndpoint,
  globalSts,
  nodeRoleReachable,
  webIdentityTooWide,
  anyPrincipal,
  conditionsWithoutEffect,
  defaultAccount,
  imdsV1,
];
