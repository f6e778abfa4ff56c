import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiContext } from '../context.ts';
import { authenticateRequest } from '../identity/authenticate.ts';
import { impersonate } from '../identity/impersonate.ts';
import { forbidden } from '../errors.ts';
import { ApiError } from '../types.ts';
import { serveNonResource } from './non-resource.ts';
import { attributesOf, parseRequest } from './request-info.ts';
import { serveResource } from './resource.ts';
import { respondError } from './respond.ts';

/** The server answers in JSON only; clients that offer protobuf offer JSON as well. Throws `ApiError` 406. */
function checkAccept(accept: string | undefined): void {
  if (accept === undefined || /json|\*\/\*|application\/\*|text\/|jwk-set/.test(accept)) return;
  throw new ApiError(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
}

async function serve(context: ApiContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const info = parseRequest(request);
  const requester = await authenticateRequest(request.headers, context.authenticateToken);
  const user = impersonate(requester, request.headers, context.authorizer);
  const attributes = attributesOf(info);
  if (!context.authorizer.authorize(user, attributes).allowed) {
    const cause = context.authorizer.refusal(user, attributes);
    if ('path' in attributes) throw new ApiError(403, 'Forbidden', `forbidden: ${cause}`, {});
    throw forbidden(attributes, attributes.name ?? '', cause);
  }
  const target = info.resource;
  const stream = target?.subresource === 'log' || target?.subresource === 'proxy';
  if (!stream) checkAccept(request.headers.accept);
  if (target === undefined) await serveNonResource(context, info, request.headers.accept, response);
  else await serveResource({ context, info, target, user, request, response });
}

/** Handles a request as Kubernetes does: authentication, impersonation, authorization, then the resource or path. */
export function requestHandler(context: ApiContext): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    serve(context, request, response).catch((error: unknown) => respondError(response, error));
  };
}
