import { AwsError } from '../core/errors.ts';

/** An operation at a method and a path such as `/clusters/{clusterName}/addons/{addonName}`. */
export interface Route<Handler> {
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly handle: Handler;
}

export interface RouteMatch<Handler> {
  readonly route: Route<Handler>;
  /** The path's parameters, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Finds the operation of a request.
 *
 * @throws AwsError `UnknownOperationException` 404 when there is none.
 */
export function findRoute<Handler>(
  routes: readonly Route<Handler>[],
  method: string,
  path: string,
): RouteMatch<Handler> {
  const segments = path.split('/').map(decodeSegment);
  for (const route of routes) {
    const parameters = route.method === method ? matchPath(route.path, segments) : undefined;
    if (parameters !== undefined) return { route, parameters };
  }
  throw new AwsError('UnknownOperationException', 404, `There is no operation at ${method} of this path.`);
}

function matchPath(template: string, segments: readonly string[]): Record<string, string> | undefined {
  const parts = template.split('/');
  const greedy = parts.at(-1)?.endsWith('+}') ?? false;
  if (greedy ? segments.length < parts.length : segments.length !== parts.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const last = greedy && index === parts.length - 1;
    const segment = last ? segments.slice(index).join('/') : segments[index];
    if (segment === undefined) return undefined;
    if (part.startsWith('{')) {
      if (segment === '') return undefined;
      parameters[part.replace(/[{}+]/g, '')] = segment;
    } else if (part !== segment) return undefined;
  }
  return parameters;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AwsError('UnknownOperationException', 404, 'The path is not percent-encoded UTF-8.');
  }
}
