import type { LabelSelector, NodeSelectorTerm } from '../snapshot/kubernetes.ts';

type Labels = Readonly<Record<string, string>>;
type Expression = NodeSelectorTerm['matchExpressions'][number];

/** Whether labels match an expression of a label selector or a node affinity (Kubernetes API Reference, NodeSelectorRequirement). */
export function matchesExpression({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      return false;
  }
}

const hasLabels = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** An absent or empty selector matches everything (Kubernetes documentation, "Labels and Selectors"). */
export const selects = (
  { matchLabels = {}, matchExpressions = [] }: LabelSelector = {},
  labels: Labels = {},
): boolean =>
  hasLabels(matchLabels, labels) && matchExpressions.every((expression) => matchesExpression(expression, labels));

/** Whether a node has the labels of a node selector. */
export const hasNodeLabels = (selector: Labels | undefined, labels: Labels): boolean =>
  hasLabels(selector ?? {}, labels);
