/** Operations at Kubernetes' API server. */
import { GREATEST_ID, shown, whole } from '../scenario/checks.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { userName } from '../world/fixtures/users.ts';
import { clusterOf } from '../world/world.ts';
import { httpResult, refusal } from './http-answer.ts';
import { defineHarnessOperation } from './registry.ts';

interface TokenOptions {
  /** User of the scenario who asks. Default: the administrator. */
  readonly as?: string;
  readonly audience?: string;
  readonly cluster?: ClusterAlias;
  readonly expirationSeconds?: number;
  /** Workload whose pod the token is bound to. */
  readonly boundTo?: string;
  /** Members of `boundObjectRef`, over those of the pod. */
  readonly boundObject?: Readonly<Partial<Record<'kind' | 'name' | 'uid', string>>>;
}

/** TokenRequest for `<namespace>/<service account>`, as a user of the scenario (default: the administrator). */
export const createToken = defineHarnessOperation(
  'CreateToken',
  (serviceAccount: string, options: TokenOptions = {}) => ({
    ...{ serviceAccount, cluster: 'c1' as const, audience: 'sts.amazonaws.com' },
    ...options,
  }),
  {
    refersTo: ({ as, boundTo, cluster }) => ({ users: [as], pods: [boundTo], clusters: [cluster] }),
    *check({ serviceAccount, expirationSeconds }) {
      if (!/^[^/]+\/[^/]+$/.test(serviceAccount))
        yield `the service account of createToken is ${shown(serviceAccount)}: give "<namespace>/<name>"`;
      yield whole('"expirationSeconds" of createToken', expirationSeconds, 1, GREATEST_ID);
    },
    describe: ({ serviceAccount, audience, as }) => [
      `for ${serviceAccount}, audience ${audience}`,
      as === undefined ? 'as the administrator' : `as user ${as}`,
    ],
    perform: async (world, { as, boundTo, boundObject, cluster, serviceAccount, audience, expirationSeconds }) => {
      const [namespace = '', name = ''] = serviceAccount.split('/');
      const pod = boundTo === undefined ? undefined : world.names.expand(`<pod:${boundTo}>`);
      const answer = await clusterOf(world, cluster).kubernetes.raw({
        method: 'POST',
        path: `/api/v1/namespaces/${world.names.namespace(namespace)}/serviceaccounts/${name}/token`,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            audiences: [audience],
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
        headers: as === undefined ? {} : { 'Impersonate-User': userName(world, as) },
      });
      // The answer of a success holds the token: it stays out of the facts.
      return answer.status === 201 ? { outcome: 'granted', status: 201 } : refusal('kubernetes', answer);
    },
  },
);

/** TokenReview of a token of the scenario, for an audience (default: the API server's own). */
export const reviewToken = defineHarnessOperation(
  'ReviewToken',
  (token: string, options: { readonly audience?: string; readonly cluster?: ClusterAlias } = {}) => ({
    ...{ cluster: 'c1' as const, token },
    ...options,
  }),
  {
    refersTo: ({ token, cluster }) => ({ tokens: [token], clusters: [cluster] }),
    describe: ({ token, audience }) => [token, audience === undefined ? '' : `for audience ${audience}`],
    perform: async (world, { token, cluster, audience }) => {
      const { kubernetes } = clusterOf(world, cluster);
      const audiences = audience === undefined ? undefined : [audience];
      const review = await kubernetes.reviewToken(world.tokens.get(token) ?? '', audiences);
      const { authenticated, username, error = 'not authenticated' } = review;
      const facts = { authenticated, ...(username !== undefined && { username }) };
      if (authenticated) return { outcome: 'granted', facts };
      return { outcome: 'refused', layer: 'kubernetes', code: 'Unauthenticated', message: error, facts };
    },
  },
);

/** What is asked for, as in a SubjectAccessReview: without `namespace`, in all namespaces at once. */
interface Access {
  readonly verb: string;
  /** API group. Default: the core group. */
  readonly group?: string;
  /** With its subresource behind a slash, such as `serviceaccounts/token`. */
  readonly resource: string;
  readonly name?: string;
  readonly namespace?: string;
}

const ACCESS_API = 'authorization.k8s.io/v1';

/** SubjectAccessReview: whether the API server would let a user of the scenario do something. */
export const reviewAccess = defineHarnessOperation(
  'ReviewAccess',
  (user: string, access: Access, cluster: ClusterAlias = 'c1') => ({ cluster, user, access }),
  {
    refersTo: ({ user, cluster }) => ({ users: [user], clusters: [cluster] }),
    describe: ({ user, access: { verb, group = '', resource, name, namespace } }) => [
      `user ${user}`,
      [verb, group, resource, name].filter(Boolean).join(' '),
      namespace === undefined ? 'in all namespaces' : `in ${namespace}`,
    ],
    perform: async (world, { user, access: { resource: path, ...access }, cluster }) => {
      const [resource, subresource] = path.split('/');
      const resourceAttributes = { group: '', ...access, resource, ...(subresource !== undefined && { subresource }) };
      const answer = await clusterOf(world, cluster).kubernetes.raw({
        method: 'POST',
        path: `/apis/${ACCESS_API}/subjectaccessreviews`,
        body: {
          apiVersion: ACCESS_API,
          kind: 'SubjectAccessReview',
          spec: { user: userName(world, user), groups: ['system:authenticated'], resourceAttributes },
        },
      });
      if (answer.status !== 201) return refusal('kubernetes', answer);
      const { status } = JSON.parse(answer.body) as { status: { allowed: boolean; reason?: string } };
      if (status.allowed) return { outcome: 'granted' };
      return { outcome: 'refused', layer: 'kubernetes', code: 'NotAllowed', message: status.reason ?? 'not allowed' };
    },
  },
);

/** Who asks: nobody, the owner of a token of the scenario (as the user of a name, where it is given), or a user of the scenario. */
type Asker =
  | 'anonymous'
  | { readonly token: string; readonly impersonate?: string; readonly user?: undefined }
  | { readonly user: string; readonly token?: undefined; readonly impersonate?: undefined };

const NOBODY:
  Exclude<Asker, string> | { readonly token?: undefined; readonly user?: undefined; readonly impersonate?: undefined } =
  {};
const partsOf = (as: Asker) => (as === 'anonymous' ? NOBODY : as);

function wordsFor(as: Asker): string {
  const { token, user, impersonate } = partsOf(as);
  if (user !== undefined) return `as user ${user}`;
  if (token === undefined) return 'anonymously';
  return `with token ${token}${impersonate === undefined ? '' : `, impersonating ${impersonate}`}`;
}

/** GET at the API server: anonymously, with a token of the scenario, or as one of its users. */
export const kubernetesGet = defineHarnessOperation(
  'KubernetesGet',
  (path: string, as: Asker, cluster: ClusterAlias = 'c1') => ({ cluster, path, as }),
  {
    asScenario: true,
    *check({ as }) {
      // Anything else would ask anonymously.
      if (as !== 'anonymous' && as.token === undefined && as.user === undefined)
        yield `who asks in kubernetesGet is ${shown(as)}: use "anonymous", { user } or { token }`;
    },
    refersTo: ({ as, cluster }) => ({ tokens: [partsOf(as).token], users: [partsOf(as).user], clusters: [cluster] }),
    describe: ({ path, as }) => [path, wordsFor(as)],
    perform: async (world, { path, as, cluster }) => {
      const { token, user, impersonate } = partsOf(as);
      const acting = user === undefined ? impersonate : userName(world, user);
      return httpResult(
        'kubernetes',
        await clusterOf(world, cluster).kubernetes.raw({
          path,
          ...(user === undefined && {
            as: token === undefined ? 'anonymous' : { token: world.tokens.get(token) ?? '' },
          }),
          ...(acting !== undefined && { headers: { 'Impersonate-User': acting } }),
        }),
      );
    },
  },
);
