import type { Association } from '../snapshot/aws.ts';
import type { Pod } from '../snapshot/kubernetes.ts';

/** Milliseconds until the webhook knows an association (EKS User Guide, "EKS Pod Identity associations": eventual consistency). */
const PROPAGATION = 10_000;

/** Whether a pod was created before the webhook could know the association. False if a time is unknown. */
export const isOlder = ({ metadata }: Pod, { createdAt }: Association): boolean =>
  Date.parse(metadata.creationTimestamp ?? '') < Date.parse(createdAt ?? '') + PROPAGATION;
