import { X509Certificate } from 'node:crypto';
import type { Association } from '../snapshot/aws.ts';
import type { MutatingWebhook, Pod } from '../snapshot/kubernetes.ts';
import { unsupportedNode } from './compute.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { isInjected } from './injection.ts';
import { hasClusterPartition, parseRoleArn, roleAnnotation } from './irsa.ts';
import { exclusionsOf, identityWebhooks } from './webhooks.ts';
import { workloadOf } from './workload.ts';

/** Milliseconds until the webhook knows an association (EKS User Guide, "Assign an IAM role to a Kubernetes service account"). */
const PROPAGATION = 10_000;

/** A pod without the variables of its service account's mechanism. */
export interface UninjectedPod {
  readonly pod: Pod;
  /** Undefined for a web identity. */
  readonly association?: Association;
  /** Whether the pod was created before the webhook could know the association. False if a time is unknown. */
  readonly isOlder: boolean;
  /** Seconds by which the pod is younger than the association; undefined for an older pod, or if a time is unknown. */
  readonly youngerBy?: number;
}

/** Returns pods that need an identity and have no variables, although their node supports it. */
export function uninjectedPods(facts: ClusterFacts): readonly UninjectedPod[] {
  return facts.pods.flatMap((pod): readonly UninjectedPod[] => {
    if (isInjected(pod) || pod.metadata.owner?.kind === 'Node' || isBeingReplaced(facts, pod)) return [];
    const association = facts.associationOf(pod);
    if (association !== undefined)
      return unsupportedNode(facts, pod) === undefined
        ? [{ pod, association, isOlder: isOlder(pod, association), ...youngerBy(pod, association) }]
        : [];
    const account = facts.serviceAccountOf(pod);
    const role = account && roleAnnotation(account);
    return role !== undefined && parseRoleArn(role) && hasClusterPartition(facts, role)
      ? [{ pod, isOlder: false }]
      : [];
  });
}

const isOlder = ({ metadata }: Pod, { createdAt = '' }: Association): boolean =>
  Date.parse(metadata.creationTimestamp ?? '') < Date.parse(createdAt) + PROPAGATION;

function youngerBy({ metadata }: Pod, { createdAt = '' }: Association): Pick<UninjectedPod, 'youngerBy'> {
  const milliseconds = Date.parse(metadata.creationTimestamp ?? '') - Date.parse(createdAt);
  return milliseconds >= 0 ? { youngerBy: Math.floor(milliseconds / 1000) } : {};
}

/** Milliseconds in which a rollout counts as under way after its last pod. */
const ROLLOUT = 3_600_000;
const REVISIONS = ['pod-template-hash', 'controller-revision-hash'];
const revisionOf = ({ metadata }: Pod): string | undefined =>
  REVISIONS.map((key) => metadata.labels?.[key]).find(Boolean);

/** Whether a rollout that is under way replaces a pod by pods that have variables. */
function isBeingReplaced(facts: ClusterFacts, pod: Pod): boolean {
  const { kind, name } = workloadOf(pod);
  return facts.podsOf(pod.metadata.namespace, pod.serviceAccountName).some((other) => {
    const { kind: otherKind, name: otherName } = workloadOf(other);
    const created = Date.parse(other.metadata.creationTimestamp ?? '');
    return (
      otherKind === kind &&
      otherName === name &&
      revisionOf(other) !== revisionOf(pod) &&
      isInjected(other) &&
      created > Date.parse(pod.metadata.creationTimestamp ?? '') &&
      created > Date.parse(facts.snapshot.takenAt) - ROLLOUT
    );
  });
}

/** Returns those for which the webhook itself works, so that the pod's own history explains the missing variables. */
export const uninjectedByHistory = (facts: ClusterFacts): readonly UninjectedPod[] =>
  isWebhookMissing(facts) || identityWebhooks(facts).some((webhook) => hasStaleCa(facts, webhook))
    ? []
    : uninjectedPods(facts).filter(({ pod }) => exclusionsOf(facts, pod).length === 0);

export const isWebhookMissing = (facts: ClusterFacts): boolean =>
  facts.isEks && facts.snapshot.kubernetes.mutatingWebhooks !== undefined && identityWebhooks(facts).length === 0;

/** Whether the certificate authority of EKS' own webhook has none of the cluster's certificates, or lacks the newest. */
export function hasStaleCa({ snapshot }: ClusterFacts, { url, caBundle }: MutatingWebhook): boolean {
  const authority = snapshot.aws?.cluster?.certificateAuthority;
  if (url === undefined || !new URL(url).hostname.startsWith('127.') || !authority || !caBundle) return false;
  const [ofCluster, ofWebhook] = [certificatesOf(authority), certificatesOf(caBundle)];
  const newest = ofCluster.toSorted((a, b) => validFrom(b) - validFrom(a))[0];
  return newest !== undefined && !ofWebhook.some(({ fingerprint256 }) => fingerprint256 === newest.fingerprint256);
}

const validFrom = (certificate: X509Certificate): number => Date.parse(certificate.validFrom);

/** Certificates of base64 of PEM. Texts that cannot be parsed have none. */
function certificatesOf(base64: string): readonly X509Certificate[] {
  const pem = Buffer.from(base64, 'base64').toString();
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}
