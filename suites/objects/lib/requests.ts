/** Requests for config maps and pods in a scenario's namespace. */
import type { CheckContext } from '../../../harness/index.ts';

export const NAMESPACE = '/api/v1/namespaces/<namespace:app>';
export const MAPS = `${NAMESPACE}/configmaps`;
export const PODS = `${NAMESPACE}/pods`;
export const MERGE = 'application/merge-patch+json';
export interface Found {
  readonly status: number;
  readonly metadata?: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly tolerations: readonly { readonly key?: string }[] };
  readonly items?: readonly Required<Pick<Found, 'metadata'>>[];
}
/** The object that an answer has, with the status of the answer. */
export const asker =
  ({ kubernetes, name }: CheckContext) =>
  async (method: string, path: string, body?: object, type?: string): Promise<Found> => {
    const headers = type === undefined ? {} : { 'content-type': type };
    const answer = await kubernetes({ method, path: name(path), headers, ...(body !== undefined && { body }) });
    return { ...(JSON.parse(answer.body) as object), status: answer.status };
  };
export const map = (name: string, metadata: object = {}, more: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata } },
  ...more,
});
