import { AwsError } from '../core/errors.ts';

/** An operation at a method and a path. */
export interface Route<Handler> {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
  readonly handle: Handler;
}

/**
 * Finds the operation of a request, and the parameters of its path, decoded.
 *
 * @throws AwsError `UnknownOperationException` 404 when there is none.
 */
export function findRoute<Handler>(routes: readonly Route<Handler>[], method: string, path: string) {
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match === null) continue;
    const parameters = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decoded(value)] as const);
    return { route, parameters: Object.fromEntries(parameters) };
  }
  throw new AwsError('UnknownOperationException', 404, `There is no operation at ${method} of this path.`);
}

/** Matches paths such as `/clusters/{clusterName}/addons/{addonName}`; a parameter with a plus goes on over slashes. */
export function pathPattern(template: string): RegExp {
  const path = template.replace(/{(\w+)\+}/g, '(?<$1>.+)').replace(/{(\w+)}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${path}$`, 's');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('UnknownOperationException', 404, 'The path is not percent-encoded UTF-8.');
  }
}
