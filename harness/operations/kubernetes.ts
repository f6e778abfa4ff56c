import { cluster, matching, object, opt, text, texts, union, whole, type Schema } from '../scenario/form.ts';
import { audience, change } from './forms.ts';
import type { V1TokenReviewStatus } from '@kubernetes/client-node';
import { tokenFacts } from '../../components/probe/pod.ts';
import { changeToken } from '../../components/probe/tokens.ts';
import type { TokenChange } from '../../foundation/protocols/probe-protocol.ts';
import { GREATEST_ID } from '../scenario/checks.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { askAccess, resourceAttributes, userName } from '../world/fixtures/users.ts';
import { clusterOf, type ScenarioContext } from '../scenario/scenario-context.ts';
import type { Facts } from '../world/admission.ts';
import { present } from './eks.ts';
import { refusal } from './http-answer.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';

interface TokenOptions {
  /** User of the scenario who sends the request. Default: the administrator. */
  readonly as?: string;
  /** Default `sts.amazonaws.com`; an empty list requests none. */
  readonly audience?: string | readonly string[];
  readonly cluster?: ClusterAlias;
  readonly expirationSeconds?: number;
  readonly boundTo?: string;
  /** Members of `boundObjectRef` that replace those of the pod. */
  readonly boundObject?: Readonly<Partial<Record<'apiVersion' | 'kind' | 'name' | 'uid', string>>>;
}

/** Creates a TokenRequest for `<namespace>/<service account>`, as a user of the scenario (default: the administrator). */
export const createToken = defineHarnessOperation(
  'CreateToken',
  (serviceAccount: string, options: TokenOptions = {}) => ({
    serviceAccount,
    cluster: 'c1' as const,
    audience: 'sts.amazonaws.com',
    ...options,
  }),
  {
    form: {
      serviceAccount: matching(/^[^/]+\/[^/]+$/, '"<namespace>/<name>"'),
      cluster,
      audience: union([text, texts]),
      as: opt(text),
      expirationSeconds: opt(whole(1, GREATEST_ID)),
      boundTo: opt(text),
      boundObject: opt(object({ apiVersion: opt(text), kind: opt(text), name: opt(text), uid: opt(text) })),
    },
    refersTo: ({ as, boundTo, cluster }) => ({ users: [as], pods: [boundTo], clusters: [cluster] }),
    describe: ({ serviceAccount, audience, as }) => [
      `for ${serviceAccount}, audience ${[audience].flat().join(' and ') || 'none'}`,
      as === undefined ? 'as the administrator' : `as user ${as}`,
    ],
    perform: async (context, { as, boundTo, boundObject, cluster, serviceAccount, audience, expirationSeconds }) => {
      const [namespace = '', name = ''] = serviceAccount.split('/');
      const pod = boundTo === undefined ? undefined : context.names.expand(`<pod:${boundTo}>`);
      const answer = await clusterOf(context, cluster).kubernetes.raw({
        method: 'POST',
        path: `/api/v1/namespaces/${context.names.namespace(namespace)}/serviceaccounts/${name}/token`,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            audiences: [audience].flat(),
            ...(expirationSeconds !== undefined && { expirationSeconds }),
            ...((pod ?? boundObject) !== undefined && {
              boundObjectRef: {
                apiVersion: 'v1',
                kind: 'Pod',
                ...(pod !== undefined && { name: pod }),
                ...boundObject,
              },
            }),
          },
        },
        headers: as === undefined ? {} : { 'Impersonate-User': userName(context, as) },
      });
      if (answer.status !== 201) return refusal('kubernetes', answer);
      // The token itself stays out of the facts.
      const { status } = JSON.parse(answer.body) as { readonly status: { readonly token: string } };
      return { outcome: 'granted', status: 201, facts: tokenFacts(status.token) };
    },
  },
);

interface Review {
  readonly audience?: string | readonly string[];
  readonly change?: TokenChange;
  readonly cluster?: ClusterAlias;
}

/** Creates a TokenReview of a token of the scenario, for audiences (default: the API server's own). */
export const reviewToken = defineHarnessOperation(
  'ReviewToken',
  (token: string, options: Review = {}) => ({ cluster: 'c1' as const, token, ...options }),
  {
    form: { token: text, cluster, audience, change },
    refersTo: ({ token, cluster }) => ({ tokens: [token], clusters: [cluster] }),
    describe: ({ token, audience, change }) => [
      token,
      change === undefined ? '' : `changed: ${change}`,
      audience === undefined ? '' : `for audience ${[audience].flat().join(' and ')}`,
    ],
    perform: async (context, { token, cluster, audience, change }) => {
      const { kubernetes } = clusterOf(context, cluster);
      const audiences = audience === undefined ? undefined : [audience].flat();
      const review = await kubernetes.reviewToken(
        await changeToken(context.tokens.get(token) ?? '', change),
        audiences,
      );
      const { authenticated = false, error = 'not authenticated' } = review;
      const facts = { authenticated, ...reviewFacts(review) };
      if (authenticated) return { outcome: 'granted', facts };
      return { outcome: 'refused', layer: 'kubernetes', code: 'Unauthenticated', message: error, facts };
    },
  },
);

function reviewFacts({ user, audiences }: V1TokenReviewStatus): Facts {
  const extra = (key: string): string | undefined => user?.extra?.[`authentication.kubernetes.io/${key}`]?.join();
  return present({
    username: user?.username,
    uid: user?.uid,
    groups: user?.groups?.toSorted().join(),
    audiences: audiences?.join(),
    pod: extra('pod-name'),
    podUid: extra('pod-uid'),
    node: extra('node-name'),
    credential: extra('credential-id'),
  });
}

/** As in a SubjectAccessReview: no `namespace` means all namespaces. */
type Access =
  | {
      readonly verb: string;
      /** API group. Default: the core group. */
      readonly group?: string;
      /** Resource and subresource, such as `serviceaccounts/token`. */
      readonly resource: string;
      readonly name?: string;
      readonly namespace?: string;
    }
  | { readonly verb: string; readonly path: string };

/** A user of the scenario, or anybody in these groups. */
type AccessSubject = string | { readonly user?: string; readonly groups: readonly string[] };

const subject: Schema<AccessSubject> = union([text, object({ user: opt(text), groups: texts })]);
const access: Schema<Access> = union([
  object({ verb: text, group: opt(text), resource: text, name: opt(text), namespace: opt(text) }),
  object({ verb: text, path: text }),
]);

/** Creates a SubjectAccessReview for a user of the scenario, or for groups. */
export const reviewAccess = defineHarnessOperation(
  'ReviewAccess',
  (user: AccessSubject, access: Access, cluster: ClusterAlias = 'c1') => ({ cluster, user, access }),
  {
    form: { cluster, user: subject, access },
    refersTo: ({ user, cluster }) => ({ users: typeof user === 'string' ? [user] : [], clusters: [cluster] }),
    describe: ({ user, access }) => [
      typeof user === 'string'
        ? `user ${user}`
        : `${user.user ?? 'anybody'} of ${user.groups.join(' and ') || 'no group'}`,
      ...accessWords(access),
    ],
    perform: async (context, { user, access, cluster }) => {
      const { kubernetes } = clusterOf(context, cluster);
      const answer = await askAccess(kubernetes, { ...subjectOf(context, user), ...attributesOf(access) });
      if (answer.status !== 201) return refusal('kubernetes', answer);
      const { status } = JSON.parse(answer.body) as { status: { allowed: boolean; reason?: string } };
      if (status.allowed) return { outcome: 'granted' };
      return { outcome: 'refused', layer: 'kubernetes', code: 'NotAllowed', message: status.reason ?? 'not allowed' };
    },
  },
);

const subjectOf = (context: ScenarioContext, user: AccessSubject) =>
  typeof user === 'string'
    ? { user: userName(context, user), groups: ['system:authenticated'] }
    : { user: user.user ?? 'anybody', groups: [...user.groups] };

function accessWords(access: Access): readonly string[] {
  if ('path' in access) return [`${access.verb} ${access.path}`];
  const { verb, group = '', resource, name, namespace } = access;
  return [
    [verb, group, resource, name].filter(Boolean).join(' '),
    namespace === undefined ? 'in all namespaces' : `in ${namespace}`,
  ];
}

function attributesOf(access: Access) {
  if ('path' in access) return { nonResourceAttributes: access };
  const { resource, ...rest } = access;
  return { resourceAttributes: { group: '', ...rest, ...resourceAttributes(resource) } };
}
