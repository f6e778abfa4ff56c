import { labelOf, matchesLabels } from '../../foundation/protocols/scheduling.ts';
import type { MutatingWebhook, Pod } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';

/** The webhook of EKS and those of amazon-eks-pod-identity-webhook's manifest and chart. */
const IDENTITY_WEBHOOK = /pod-identity-webhook|^iam-for-pods\.amazonaws\.com$/;

export const identityWebhooks = ({ snapshot }: ClusterFacts): readonly MutatingWebhook[] =>
  (snapshot.kubernetes.mutatingWebhooks ?? []).filter(
    ({ configuration, name, service = '', createsPods }) =>
      createsPods && [configuration, name, service].some((one) => IDENTITY_WEBHOOK.test(one)),
  );

/** Whether a webhook runs in the cluster, and its namespace has no ready pod that could answer. */
export const isDead = ({ snapshot }: ClusterFacts, { service }: MutatingWebhook): boolean =>
  service !== undefined &&
  snapshot.kubernetes.pods !== undefined &&
  !snapshot.kubernetes.pods.some(({ metadata, ready }) => ready && metadata.namespace === service.split('/')[0]);

/** A selector that keeps a webhook from a pod. */
export interface Exclusion {
  readonly webhook: MutatingWebhook;
  readonly selector: 'namespaceSelector' | 'objectSelector';
  /** The label that decides, its value on the pod or namespace, and what the selector demands. */
  readonly key: string;
  readonly value: string | undefined;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Returns the selectors that keep every identity webhook from a pod; none if one of them gets it, or none exists. */
export function exclusionsOf(facts: ClusterFacts, { metadata }: Pod): readonly Exclusion[] {
  const webhooks = identityWebhooks(facts);
  const namespace = facts.snapshot.kubernetes.namespaces?.find(({ metadata: { name } }) => name === metadata.namespace);
  const namespaceLabels = { 'kubernetes.io/metadata.name': metadata.namespace ?? '', ...namespace?.metadata.labels };
  const exclusions = webhooks.flatMap((webhook): readonly Exclusion[] => {
    const all = [
      ['namespaceSelector', webhook.namespaceSelector, namespaceLabels],
      ['objectSelector', webhook.objectSelector, metadata.labels ?? {}],
    ] as const;
    return all
      .flatMap(([selector, given, labels]) =>
        requirementsOf(given).flatMap((one) =>
          matchesLabels({ matchExpressions: [one] }, labels)
            ? []
            : [{ webhook, selector, ...one, value: labelOf(labels, one.key) }],
        ),
      )
      .slice(0, 1);
  });
  return exclusions.length === webhooks.length ? exclusions : [];
}

type Selector = MutatingWebhook['objectSelector'];

const requirementsOf = ({ matchLabels, matchExpressions = [] }: NonNullable<Selector> = {}) => [
  ...Object.entries(matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
  ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
];
