import type { ApiContext } from '../context.ts';
import { badRequest } from '../errors.ts';
import { isObject } from '../patch/merge-patch.ts';

/** Answers a TokenReview. The answer repeats neither the token nor anything in it but the user. Throws `ApiError` 400. */
export async function reviewToken(context: ApiContext, body: unknown): Promise<object> {
  const spec = isObject(body) && isObject(body['spec']) ? body['spec'] : {};
  const { token, audiences = [] } = spec;
  if (typeof token !== 'string' || token === '')
    throw badRequest('token is required for TokenReview in authentication');
  if (!Array.isArray(audiences)) throw badRequest('spec.audiences must be a list of strings');
  const asked = audiences.map(String);
  const identity = await context.authenticateToken(token, asked.length === 0 ? undefined : asked);
  const { user, error } = identity;
  return {
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: asked.length === 0 ? {} : { audiences: asked },
    status:
      user === undefined
        ? { authenticated: false, user: {}, ...(error === undefined ? {} : { error }) }
        : { authenticated: true, user, audiences: identity.audiences },
  };
}
