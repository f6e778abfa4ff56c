/** An object of Kubernetes or AWS, such as `Deployment payments/ledger` or an ARN. */
export interface ObjectName {
  /** For example `Deployment`, `ServiceAccount`, `Node`, `Association`, `Role`. */
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Returns, for example, `Deployment payments/ledger`. */
export const objectText = ({ kind, namespace, name }: ObjectName): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
