import type { ApiContext } from '../context.ts';
import { badRequest } from '../errors.ts';
import type { UserInfo } from '../identity/user.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { Attributes } from './rbac.ts';

const API_VERSION = 'authorization.k8s.io/v1';

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function attributesIn(spec: JsonObject): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
  if (isObject(resource) === isObject(other)) {
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  if (isObject(other)) return { verb: text(other['verb']), path: text(other['path']) };
  const of = resource as JsonObject;
  return {
    verb: text(of['verb']),
    group: text(of['group']),
    resource: text(of['resource']),
    ...(of['subresource'] ? { subresource: text(of['subresource']) } : {}),
    ...(of['name'] ? { name: text(of['name']) } : {}),
    ...(of['namespace'] ? { namespace: text(of['namespace']) } : {}),
  };
}

function subjectIn(spec: JsonObject): UserInfo {
  const groups = Array.isArray(spec['groups']) ? spec['groups'].map(String) : [];
  if (!spec['user'] && groups.length === 0) throw badRequest('at least one of user or group must be specified');
  return { username: text(spec['user']), groups };
}

function specOf(body: unknown): JsonObject {
  const spec = isObject(body) ? body['spec'] : undefined;
  if (!isObject(spec)) throw badRequest('the review needs a spec');
  return spec;
}

/**
 * Answers a SelfSubjectAccessReview, SubjectAccessReview or, with `namespace`, LocalSubjectAccessReview. Throws
 * `ApiError` 400.
 */
export function reviewAccess(
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
  return { kind, apiVersion: API_VERSION, metadata, spec, status: { allowed, ...(reason === '' ? {} : { reason }) } };
}

/** Answers a SelfSubjectRulesReview: all that the requester may do in a namespace. Throws `ApiError` 400. */
export function reviewRules(context: ApiContext, body: unknown, requester: UserInfo): object {
  const spec = specOf(body);
  const namespace = text(spec['namespace']);
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = context.authorizer.rules(requester, namespace);
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion: API_VERSION,
    metadata: { creationTimestamp: null },
    spec,
    status: {
      incomplete: false,
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

/** Answers a SelfSubjectReview: who the requester is. */
export function reviewSelf(requester: UserInfo): object {
  const apiVersion = 'authentication.k8s.io/v1';
  return {
    kind: 'SelfSubjectReview',
    apiVersion,
    metadata: { creationTimestamp: null },
    status: { userInfo: requester },
  };
}
