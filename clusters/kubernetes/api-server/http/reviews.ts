import type { Attributes } from '../authorization/types.ts';
import type { ApiContext } from '../rest/context.ts';
import { nodeNameOf } from '../authorization/node.ts';
import { badRequest } from '../model/errors.ts';
import type { UserInfo } from '../model/user.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import { requiredFields, type ResourceRequest } from './request-info.ts';

const AUTHORIZATION = 'authorization.k8s.io/v1';
const AUTHENTICATION = 'authentication.k8s.io/v1';

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function attributesIn(spec: JsonObject): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
  if (isObject(resource) === isObject(other)) {
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  if (isObject(other)) return { verb: text(other['verb']), path: text(other['path']) };
  const attributes = resource as JsonObject;
  const { rawSelector, requirements } = isObject(attributes['fieldSelector']) ? attributes['fieldSelector'] : {};
  const fields = {
    ...requiredFields(text(rawSelector)),
    ...Object.fromEntries(
      (Array.isArray(requirements) ? requirements.filter(isObject) : [])
        .filter(({ operator, values }) => operator === 'In' && Array.isArray(values) && values.length === 1)
        .map(({ key, values }) => [text(key), text((values as unknown[])[0])]),
    ),
  };
  return {
    verb: text(attributes['verb']),
    group: text(attributes['group']),
    resource: text(attributes['resource']),
    ...(attributes['subresource'] ? { subresource: text(attributes['subresource']) } : {}),
    ...(attributes['name'] ? { name: text(attributes['name']) } : {}),
    ...(attributes['namespace'] ? { namespace: text(attributes['namespace']) } : {}),
    ...(Object.keys(fields).length > 0 && { fields }),
  };
}

function subjectIn(spec: JsonObject): UserInfo {
  const groups = Array.isArray(spec['groups']) ? spec['groups'].map(String) : [];
  if (!spec['user'] && groups.length === 0) throw badRequest('at least one of user or group must be specified');
  return { username: text(spec['user']), groups };
}

function specOf(body: unknown): JsonObject {
  const spec = isObject(body) ? body['spec'] : undefined;
  if (!isObject(spec)) throw badRequest('the review has no spec');
  return spec;
}

/** Answers SelfSubjectAccessReview, SubjectAccessReview or, with `namespace`, LocalSubjectAccessReview. Throws `ApiError` 400. */
function reviewAccess(
  context: ApiContext,
  kind: 'SelfSubjectAccessReview' | 'SubjectAccessReview' | 'LocalSubjectAccessReview',
  body: unknown,
  requester: UserInfo,
  namespace?: string,
): object {
  const spec = specOf(body);
  const user = kind === 'SelfSubjectAccessReview' ? requester : subjectIn(spec);
  const attributes = attributesIn(spec);
  if (namespace !== undefined && ('path' in attributes || attributes.namespace !== namespace)) {
    throw badRequest(`spec.resourceAttributes.namespace must be ${namespace}`);
  }
  const { allowed, reason } = context.authorizer.authorize(user, attributes);
  const metadata = { creationTimestamp: null, ...(namespace === undefined ? {} : { namespace }) };
  return { kind, apiVersion: AUTHORIZATION, metadata, spec, status: { allowed, ...(reason === '' ? {} : { reason }) } };
}

/** Answers a SelfSubjectRulesReview. Throws `ApiError` 400. */
function reviewRules(context: ApiContext, body: unknown, requester: UserInfo): object {
  const spec = specOf(body);
  const namespace = text(spec['namespace']);
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = context.authorizer.rules(requester, namespace);
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion: AUTHORIZATION,
    metadata: { creationTimestamp: null },
    spec,
    status: {
      // Rights of nodes depend on their pods.
      incomplete: nodeNameOf(requester) !== undefined,
      ...(nodeNameOf(requester) !== undefined && {
        evaluationError: 'node authorizer does not support user rule resolution',
      }),
      resourceRules: rules
        .filter((rule) => rule.resources?.length)
        .map(({ verbs, apiGroups = [], resources = [], resourceNames }) => ({
          verbs,
          apiGroups,
          resources,
          ...(resourceNames?.length ? { resourceNames } : {}),
        })),
      nonResourceRules: rules
        .filter((rule) => rule.nonResourceURLs?.length)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
    },
  };
}

function reviewSelf(requester: UserInfo): object {
  const metadata = { creationTimestamp: null };
  return { kind: 'SelfSubjectReview', apiVersion: AUTHENTICATION, metadata, status: { userInfo: requester } };
}

/** Answers a TokenReview, without repeating the token. Throws `ApiError` 400. */
async function reviewToken(context: ApiContext, body: unknown): Promise<object> {
  const spec = isObject(body) && isObject(body['spec']) ? body['spec'] : {};
  const { token, audiences = [] } = spec;
  if (typeof token !== 'string' || token === '')
    throw badRequest('token is required for TokenReview in authentication');
  if (!Array.isArray(audiences)) throw badRequest('spec.audiences must be a list of strings');
  const requestedAudiences = audiences.map(String);
  const {
    user,
    error,
    audiences: shared,
  } = await context.authenticateToken(token, requestedAudiences.length === 0 ? undefined : requestedAudiences);
  return {
    kind: 'TokenReview',
    apiVersion: AUTHENTICATION,
    metadata: { creationTimestamp: null },
    spec: requestedAudiences.length === 0 ? {} : { audiences: requestedAudiences },
    status:
      user === undefined
        ? { authenticated: false, user: {}, ...(error === undefined ? {} : { error }) }
        : { authenticated: true, user, audiences: shared },
  };
}

type Review = (context: ApiContext, body: unknown, user: UserInfo, target: ResourceRequest) => object | Promise<object>;

/** Resources that are not stored, only answered. */
const REVIEWS: Readonly<Record<string, Review>> = {
  'authentication.k8s.io/tokenreviews': reviewToken,
  'authentication.k8s.io/selfsubjectreviews': (_context, _body, user) => reviewSelf(user),
  'authorization.k8s.io/selfsubjectaccessreviews': (context, body, user) =>
    reviewAccess(context, 'SelfSubjectAccessReview', body, user),
  'authorization.k8s.io/subjectaccessreviews': (context, body, user) =>
    reviewAccess(context, 'SubjectAccessReview', body, user),
  'authorization.k8s.io/localsubjectaccessreviews': (context, body, user, target) =>
    reviewAccess(context, 'LocalSubjectAccessReview', body, user, target.namespace),
  'authorization.k8s.io/selfsubjectrulesreviews': reviewRules,
};

export function reviewOf(target: ResourceRequest): Review | undefined {
  return target.version === 'v1' ? REVIEWS[`${target.group}/${target.resource}`] : undefined;
}
