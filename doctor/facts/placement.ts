import type { DaemonSet, Node, Taint, Toleration } from '../snapshot/kubernetes.ts';
import { hasNodeLabels, matchesExpression } from './selector.ts';

/** Taints that the DaemonSet controller tolerates for every pod (Kubernetes documentation, "DaemonSet", Taints and tolerations). */
const TOLERATED =
  /^node\.kubernetes\.io\/(not-ready|unreachable|disk-pressure|memory-pressure|pid-pressure|unschedulable|network-unavailable)$/;

const tolerates = (taint: Taint, { key, operator = 'Equal', value = '', effect }: Toleration): boolean =>
  (effect === undefined || effect === '' || effect === taint.effect) &&
  (key === undefined || key === '' ? operator === 'Exists' : key === taint.key) &&
  (operator === 'Exists' || value === (taint.value ?? ''));

const textOf = ({ key, value, effect }: Taint): string => `${key}${value ? `=${value}` : ''}:${effect}`;

/** Returns why no pod of a DaemonSet can run on a node, such as `does not tolerate taint a=b:NoSchedule`; undefined if it can. */
export function obstacle({ tolerations, nodeSelector, nodeAffinity }: DaemonSet, node: Node): string | undefined {
  const labels = { 'kubernetes.io/os': node.operatingSystem ?? 'linux', ...node.metadata.labels };
  if (!hasNodeLabels(nodeSelector, labels)) return 'has a node selector that excludes';
  const isChosen = ({
    matchExpressions,
  }: {
    readonly matchExpressions: readonly Parameters<typeof matchesExpression>[0][];
  }) => matchExpressions.length > 0 && matchExpressions.every((expression) => matchesExpression(expression, labels));
  if (nodeAffinity !== undefined && !nodeAffinity.some(isChosen)) return 'has a node affinity that excludes';
  const taint = node.taints.find(
    (one) =>
      one.effect !== 'PreferNoSchedule' &&
      !TOLERATED.test(one.key) &&
      !tolerations.some((toleration) => tolerates(one, toleration)),
  );
  return taint && `does not tolerate taint ${textOf(taint)} of`;
}
