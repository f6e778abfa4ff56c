import { matchesLabels } from '../../foundation/protocols/scheduling.ts';
import type { MutatingWebhook, Pod } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';

/** The webhook of EKS and those of amazon-eks-pod-identity-webhook's manifest and chart. */
const IDENTITY_WEBHOOK = /pod-identity-webhook|^iam-for-pods\.amazonaws\.com$/;

export const identityWebhooks = ({ snapshot }: ClusterFacts): readonly MutatingWebhook[] =>
  (snapshot.kubernetes.mutatingWebhooks ?? []).filter(
    ({ configuration, name, service = '', createsPods }) =>
      createsPods && [configuration, name, service].some((one) => IDENTITY_WEBHOOK.test(one)),
  );

/** Returns the selector that keeps every identity webhook from a pod; undefined if one of them gets it, or none exists. */
export function excludingSelector(facts: ClusterFacts, { metadata }: Pod): string | undefined {
  const webhooks = identityWebhooks(facts);
  const namespace = facts.snapshot.kubernetes.namespaces?.find(({ metadata: { name } }) => name === metadata.namespace);
  const namespaceLabels = { 'kubernetes.io/metadata.name': metadata.namespace ?? '', ...namespace?.metadata.labels };
  const reasons = webhooks.map(({ namespaceSelector, objectSelector }) => {
    if (!matchesLabels(namespaceSelector, namespaceLabels)) return 'namespaceSelector';
    return matchesLabels(objectSelector, metadata.labels ?? {}) ? undefined : 'objectSelector';
  });
  return reasons.includes(undefined) ? undefined : reasons[0];
}
