type Labels = Readonly<Record<string, string>>;

interface Selector {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?:
    | readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] | undefined }[]
    | undefined;
}

/** Returns a label's value. Ignores inherited properties such as `constructor`. */
export function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** Whether a selector matches. A missing or empty selector matches everything. Unknown operators match nothing. */
export function matchesLabels(selector: Selector | undefined, labels: Labels): boolean {
  const pairs = Object.entries(selector?.matchLabels ?? {});
  if (!pairs.every(([key, value]) => labelOf(labels, key) === value)) return false;
  return (selector?.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labelOf(labels, key);
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Whether one of the terms of a required node affinity matches. An empty term matches no node. */
export const matchesTerms = (terms: readonly Selector[] | undefined, labels: Labels): boolean =>
  terms?.some((term) => (term.matchExpressions ?? []).length > 0 && matchesLabels(term, labels)) ?? true;

interface Taint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: string;
}
type Toleration = { readonly [Field in 'key' | 'operator' | 'value' | 'effect']?: string | undefined };

/** Returns the first taint that keeps pods with these tolerations away (Kubernetes, "Taints and Tolerations"). */
export const untolerated = (taints: readonly Taint[], tolerations: readonly Toleration[]): Taint | undefined =>
  taints.find(
    (taint) =>
      taint.effect !== 'PreferNoSchedule' &&
      !tolerations.some(
        ({ key = '', operator = 'Equal', value = '', effect = '' }) =>
          (effect === '' || effect === taint.effect) &&
          (operator === 'Exists'
            ? key === '' || key === taint.key
            : key === taint.key && value === (taint.value ?? '')),
      ),
  );
