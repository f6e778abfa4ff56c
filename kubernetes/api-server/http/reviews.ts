import { reviewAccess, reviewRules, reviewSelf } from '../authorization/access-reviews.ts';
import type { ApiContext } from '../context.ts';
import { reviewToken } from '../identity/token-review.ts';
import type { UserInfo } from '../identity/user.ts';
import type { ResourceRequest } from './request-info.ts';

type Review = (context: ApiContext, body: unknown, user: UserInfo, target: ResourceRequest) => object | Promise<object>;

/** Resources that are only ever created, answered at once and not kept. */
const REVIEWS: Readonly<Record<string, Review>> = {
  'authentication.k8s.io/tokenreviews': (context, body) => reviewToken(context, body),
  'authentication.k8s.io/selfsubjectreviews': (_context, _body, user) => reviewSelf(user),
  'authorization.k8s.io/selfsubjectaccessreviews': (context, body, user) =>
    reviewAccess(context, 'SelfSubjectAccessReview', body, user),
  'authorization.k8s.io/subjectaccessreviews': (context, body, user) =>
    reviewAccess(context, 'SubjectAccessReview', body, user),
  'authorization.k8s.io/localsubjectaccessreviews': (context, body, user, target) =>
    reviewAccess(context, 'LocalSubjectAccessReview', body, user, target.namespace),
  'authorization.k8s.io/selfsubjectrulesreviews': (context, body, user) => reviewRules(context, body, user),
};

export function reviewOf(target: ResourceRequest): Review | undefined {
  return target.version === 'v1' ? REVIEWS[`${target.group}/${target.resource}`] : undefined;
}
