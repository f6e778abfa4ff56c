import type { ApiContext } from './context.ts';
import { badRequest } from '../model/errors.ts';
import { groupVersion, type ResourceKind } from '../model/kinds.ts';
import { fieldSelector, labelSelector } from '../store/selectors.ts';
import type { KubeObject } from '../model/types.ts';

interface ListResult {
  readonly items: readonly KubeObject[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

/** Returns a filter for the label and field selectors. Throws `ApiError` 400. */
export function selectorOf(kind: ResourceKind, query: URLSearchParams): (object: KubeObject) => boolean {
  const byLabel = labelSelector(query.get('labelSelector') ?? '');
  const byField = fieldSelector(query.get('fieldSelector') ?? '', kind);
  return (object) => byLabel(object) && byField(object);
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function wholeNumber(query: URLSearchParams, name: string): number {
  const value = Number(query.get(name) ?? 0);
  if (!Number.isInteger(value) || value < 0) throw badRequest(`${name} must be a whole number`);
  return value;
}

/** Lists objects by namespace and name. Later pages show the current state, not that of the first page. */
export function list(
  context: ApiContext,
  kind: ResourceKind,
  namespace: string | undefined,
  query: URLSearchParams,
): ListResult {
  const selected = context.store
    .list(kind.resource, namespace)
    .filter(selectorOf(kind, query))
    .map((object) => ({ key: keyOf(object), object }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const after = Buffer.from(query.get('continue') ?? '', 'base64url').toString();
  const rest = selected.filter(({ key }) => key > after);
  const limit = wholeNumber(query, 'limit') || rest.length;
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const remaining = rest.length - page.length;
  const resourceVersion = String(context.store.version);
  return {
    items: page.map(({ object }) => object),
    metadata:
      remaining > 0 && last !== undefined
        ? { resourceVersion, continue: Buffer.from(last.key).toString('base64url'), remainingItemCount: remaining }
        : { resourceVersion },
  };
}

export function listObject(kind: ResourceKind, result: ListResult): object {
  return { kind: `${kind.kind}List`, apiVersion: groupVersion(kind), metadata: result.metadata, items: result.items };
}
