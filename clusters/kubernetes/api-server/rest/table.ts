import type { ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/types.ts';
import { age, printerOf } from './printers.ts';

type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Returns whether the client prefers a table, like kubectl for human-readable output. */
export function wantsTable(accept: string | undefined): boolean {
  const first = (accept ?? '').split(',')[0] ?? '';
  return /;\s*as=Table/.test(first) && /;\s*g=meta\.k8s\.io/.test(first);
}

export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject');
  return value === 'None' || value === 'Object' ? value : 'Metadata';
}

function rowObject(object: KubeObject, include: IncludeObject): object | undefined {
  if (include === 'None') return undefined;
  if (include === 'Object') return object;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

/** Returns a `meta.k8s.io/v1` Table; `now` in milliseconds. Watches send the columns only once. */
export function tableOf(
  kind: ResourceKind,
  objects: readonly KubeObject[],
  metadata: object,
  options: { readonly now: number; readonly include: IncludeObject; readonly columns?: boolean },
): object {
  const printer = printerOf(kind.resource);
  const columns = [
    { name: 'Name', type: 'string', format: 'name', description: 'Name of the object', priority: 0 },
    ...printer.columns.split('|').flatMap((part, priority) =>
      part.split(',').map((column) => {
        const [name, type = 'string'] = column.split(':');
        return { name, type, format: '', description: name, priority };
      }),
    ),
  ];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: options.columns === false ? null : columns,
    rows: objects.map((object) => ({
      cells: [
        object.metadata.name,
        ...printer.cells(object, age(object.metadata.creationTimestamp, options.now), options.now),
      ],
      object: rowObject(object, options.include),
    })),
  };
}
