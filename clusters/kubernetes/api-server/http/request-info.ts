import type { IncomingMessage } from 'node:http';
import type { Attributes } from '../authorization/types.ts';
import { badRequest } from '../model/errors.ts';

export interface ResourceRequest {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly resource: string;
  readonly name: string | undefined;
  /** Empty for a request to the object itself. */
  readonly subresource: string;
  /** Path of a proxy request, not decoded, without a leading slash. */
  readonly rest: string;
}

export interface RequestInfo {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined for paths without a resource, such as discovery, health and the issuer's documents. */
  readonly resource: ResourceRequest | undefined;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badRequest('the path is not valid percent-encoding');
  }
}

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true';
}

function verbOf(method: string, named: boolean, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      // Watching a single object is a list with a field selector.
      if (named) return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}

const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

/** Parses method and path (Kubernetes documentation, "API Overview" and "Authorization"). */
export function parseRequest(request: IncomingMessage): RequestInfo {
  const method = request.method ?? 'GET';
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  // Kubernetes decodes the path before it splits it (apiserver/pkg/endpoints/request/requestinfo.go).
  const raw = decode(path).split('/').slice(1);
  const core = raw[0] === 'api';
  const rootLength = core ? 2 : 3;
  if ((!core && raw[0] !== 'apis') || raw.length <= rootLength || raw[rootLength] === '') {
    return { method, path, query, resource: undefined };
  }
  const [group = '', version = ''] = core ? ['', raw[1] ?? ''] : [raw[1] ?? '', raw[2] ?? ''];
  let segments = raw.slice(rootLength);
  let namespace: string | undefined;
  if (segments[0] === 'namespaces' && segments[1]) {
    namespace = segments[1];
    if (segments[2] && !NAMESPACE_SUBRESOURCES.includes(segments[2])) segments = segments.slice(2);
  }
  const [resource = '', name, subresource] = segments;
  const verb = verbOf(method, !!name, query);
  return {
    method,
    path,
    query,
    resource: {
      verb,
      group,
      version,
      namespace,
      resource,
      name: name || undefined,
      subresource: subresource ?? '',
      // As it was sent, for proxies.
      rest: path
        .split('/')
        .slice(raw.length - segments.length + 4)
        .join('/'),
    },
  };
}

/** Returns the attributes to authorize. A list or watch with a field selector for one name has that name. */
export function attributesOf(info: RequestInfo): Attributes {
  const { resource: r } = info;
  if (r === undefined) return { verb: info.method === 'HEAD' ? 'head' : info.method.toLowerCase(), path: info.path };
  const fields = ['list', 'watch', 'deletecollection'].includes(r.verb)
    ? requiredFields(info.query.get('fieldSelector') ?? '')
    : {};
  const selected = fields['metadata.name'];
  const name = r.name ?? (r.verb === 'list' || r.verb === 'watch' ? selected : undefined);
  return {
    verb: r.verb,
    group: r.group,
    // In Kubernetes, the pod name of a proxy request includes the port.
    resource: r.resource,
    ...(r.subresource === '' ? {} : { subresource: r.subresource }),
    ...(name === undefined ? {} : { name }),
    ...(r.namespace === undefined ? {} : { namespace: r.namespace }),
    ...(Object.keys(fields).length > 0 && { fields }),
  };
}

/** Returns the values that a field selector requires. */
export const requiredFields = (selector: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    selector.split(',').flatMap((part) => {
      const [, field = '', value = ''] = /^\s*([\w.]+)\s*==?\s*(.*?)\s*$/.exec(part) ?? [];
      return field === '' ? [] : [[field, value] as const];
    }),
  );
