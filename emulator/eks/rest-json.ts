import type { ServiceContext } from '../world/context.ts';
import { AwsError, errorKind } from '../../foundation/aws/aws-error.ts';
import { isJsonObject, type JsonObject } from '../../foundation/node/json.ts';
import type { Caller } from '../../identity/policy/principal.ts';
import type { Service, ServiceName, ServiceRequest, ServiceResponse } from '../core/service.ts';

export interface Route<Handler> {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
  readonly handle: Handler;
}

/** @param at such as `GET /clusters/{clusterName}`; a trailing ARN may have unencoded slashes, as some clients send */
export function route<Handler>(at: string, operation: string, handle: Handler): Route<Handler> {
  const [method = '', template = ''] = at.split(' ');
  const path = template.replace(/{(\w+Arn)}$/, '(?<$1>.+)').replace(/{(\w+)}/g, '(?<$1>[^/]+)');
  return { method, path: new RegExp(`^${path}$`, 's'), operation, handle };
}

/** A signed call with its path parameters. */
export interface RestJsonCall {
  readonly request: ServiceRequest;
  readonly caller: Caller;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Returns a REST-JSON service (Smithy, "AWS restJson1"). Unknown paths return `UnknownOperationException` (404), unsigned calls
 * `MissingAuthenticationTokenException` (403).
 */
export function restJsonService<Handler>(
  context: ServiceContext,
  name: ServiceName,
  routes: readonly Route<Handler>[],
  answer: (call: RestJsonCall, route: Route<Handler>) => Promise<object>,
): Service {
  return {
    name,
    renderError: renderRestJsonError,
    identify: ({ method, path }) => {
      const { matchedRoute, parameters } = findRoute(routes, method, path);
      const { clusterName } = parameters;
      return { operation: matchedRoute.operation, ...(clusterName !== undefined && { clusterName }) };
    },
    handle: async (request) => {
      const { matchedRoute, parameters } = findRoute(routes, request.method, request.path);
      context.trace(request).operation = matchedRoute.operation;
      const { caller } = request;
      if (caller === undefined)
        throw new AwsError('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
      return jsonAnswer(request, await answer({ request, caller, parameters }, matchedRoute));
    },
  };
}

/** Returns the operation and its decoded path parameters. */
function findRoute<Handler>(routes: readonly Route<Handler>[], method: string, path: string) {
  for (const matchedRoute of routes) {
    const match = matchedRoute.method === method ? matchedRoute.path.exec(path) : null;
    if (match === null) continue;
    const parameters = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decoded(value)] as const);
    return { matchedRoute, parameters: Object.fromEntries(parameters) };
  }
  throw new AwsError('UnknownOperationException', 404, `There is no operation at ${method} of this path.`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('UnknownOperationException', 404, 'The path is not percent-encoded UTF-8.');
  }
}

function jsonAnswer(request: Pick<ServiceRequest, 'id'>, body: object, status = 200): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': request.id },
    body: JSON.stringify(body),
  };
}

/** Renders an error: its code in `x-amzn-ErrorType`, its message in `message`. */
const renderRestJsonError: Service['renderError'] = (error, request) => {
  const answer = jsonAnswer(request, { message: error.message, ...error.fields }, error.status);
  return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': error.code } };
};

/** Returns the body as an object; an empty body becomes `{}`. Throws `SerializationException` (400). */
export function parseJsonBody(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw serializationError('The request body is not JSON.');
  }
  if (!isJsonObject(value)) throw serializationError('The request body is not a JSON object.');
  return value;
}

export const serializationError = errorKind('SerializationException', 400);
