/** What RBAC rules and bindings grant. */
import { expect } from 'chai';
import {
  check,
  controlSucceeds,
  createToken,
  fails,
  kubernetesGet,
  reviewAccess,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { GROUP } from '../lib/rbac.ts';
import { RBAC } from '../lib/sources.ts';
import { object, roleRefTo, rulesOf, withRights } from './lib/rights.ts';

const NOT_ALLOWED = { by: 'kubernetes', code: 'NotAllowed' } as const;
const AUTHORIZATION = 'authorization.k8s.io';
const APP = '<namespace:app>';
const PODS_OF_APP = `/api/v1/namespaces/${APP}/pods`;
const secretsWhere = (selector: string): string =>
  `/api/v1/namespaces/${APP}/secrets?fieldSelector=${encodeURIComponent(selector)}`;

suite('authorization', ({ scenario }) => {
  scenario('RB-13', 'a rule with resourceNames applies only to the named objects', {
    source: `${RBAC}, "Referring to resources": resourceNames, and list by metadata.name`,
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    users: {
      maker: {
        namespace: 'app',
        rules: [{ resources: ['serviceaccounts/token'], resourceNames: ['app'], verbs: ['create'] }],
      },
      reader: {
        namespace: 'app',
        rules: [{ resources: ['secrets'], resourceNames: ['mine'], verbs: ['get', 'list'] }],
      },
      // RBAC has no wildcard for names.
      star: { namespace: 'app', rules: [{ resources: ['secrets'], resourceNames: ['*'], verbs: ['get'] }] },
      // An empty list matches all names.
      unnamed: { namespace: 'app', rules: [{ resources: ['secrets'], resourceNames: [], verbs: ['get'] }] },
      sweeper: {
        namespace: 'app',
        serviceAccount: 'app/other',
        rules: [{ resources: ['secrets'], resourceNames: ['mine'], verbs: ['watch', 'delete', 'deletecollection'] }],
      },
    },
    probes: [
      // A token request names its account, unlike a request that creates an object.
      succeeds(createToken('app/app', { as: 'maker' })),
      fails(createToken('app/other', { as: 'maker' }), FORBIDDEN),
      succeeds(reviewAccess('reader', { verb: 'get', resource: 'secrets', name: 'mine', namespace: APP })),
      fails(reviewAccess('reader', { verb: 'get', resource: 'secrets', name: 'others', namespace: APP }), NOT_ALLOWED),
      succeeds(reviewAccess('unnamed', { verb: 'get', resource: 'secrets', name: 'others', namespace: APP })),
      fails(reviewAccess('star', { verb: 'get', resource: 'secrets', name: 'mine', namespace: APP }), NOT_ALLOWED),
      // A list request has no name, unless a field selector names one object.
      fails(reviewAccess('reader', { verb: 'list', resource: 'secrets', namespace: APP }), NOT_ALLOWED),
      ...['=mine', '==mine', '=mine,type=Opaque'].map((selected) =>
        succeeds(kubernetesGet(secretsWhere(`metadata.name${selected}`), { user: 'reader' })),
      ),
      ...['metadata.name!=mine', 'metadata.name=others', 'metadata.namespace=mine', ''].map((selector) =>
        fails(kubernetesGet(secretsWhere(selector), { user: 'reader' }), FORBIDDEN),
      ),
      check('a deletion of a collection has no name, even with a selector', async ({ kubernetes, name }) => {
        const remove = async (path: string): Promise<number> => {
          const headers = { 'Impersonate-User': name(`system:serviceaccount:${APP}:other`) };
          return (await kubernetes({ method: 'DELETE', path: name(path), headers })).status;
        };
        expect(await remove(`/api/v1/namespaces/${APP}/secrets/mine`), 'a missing secret').to.equal(404);
        expect(await remove(`${secretsWhere('metadata.name=mine')}&dryRun=All`)).to.equal(403);
        const watch = async (selector: string): Promise<number> => {
          const headers = { 'Impersonate-User': name(`system:serviceaccount:${APP}:other`) };
          const path = name(`${secretsWhere(selector)}&watch=true&timeoutSeconds=1`);
          return (await kubernetes({ path, headers })).status;
        };
        expect(await watch('metadata.name=mine'), 'a watch of the named secret').to.equal(200);
        expect(await watch('metadata.name=others'), 'a watch of another secret').to.equal(403);
      }),
    ],
  });

  scenario('RB-16', 'a cluster role bound in a namespace applies in that namespace only', {
    source: `${RBAC}, "RoleBinding and ClusterRoleBinding"; "User-facing roles": view shows no secrets`,
    workloads: { app: {}, other: { namespace: 'other' } },
    users: {
      viewer: { namespace: 'app', clusterRole: 'view' },
      editor: { namespace: 'app', clusterRole: 'edit' },
    },
    probes: [
      controlSucceeds(kubernetesGet(PODS_OF_APP, { user: 'viewer' })),
      // A namespace object belongs to its own namespace.
      succeeds(kubernetesGet(`/api/v1/namespaces/${APP}`, { user: 'viewer' })),
      ...['/<namespace:other>', ''].map((place) =>
        fails(kubernetesGet(`/api/v1/namespaces${place}`, { user: 'viewer' }), FORBIDDEN),
      ),
      fails(kubernetesGet('/api/v1/namespaces/<namespace:other>/pods', { user: 'viewer' }), FORBIDDEN),
      fails(kubernetesGet('/api/v1/pods', { user: 'viewer' }), FORBIDDEN),
      fails(kubernetesGet('/api/v1/nodes', { user: 'viewer' }), FORBIDDEN),
      fails(reviewAccess('viewer', { verb: 'get', resource: 'secrets', namespace: APP }), NOT_ALLOWED),
      fails(createToken('app/app', { as: 'viewer' }), FORBIDDEN),
      succeeds(createToken('app/app', { as: 'editor' })),
      fails(createToken('other/app', { as: 'editor' }), FORBIDDEN),
    ],
  });

  scenario('RB-17', 'a rule grants only its verbs, resources and API groups', {
    source: `${RBAC}, "Role and ClusterRole"; Kubernetes API server, endpoints/handlers/patch.go: an apply that creates an object`,
    workloads: { app: {} },
    users: {
      reader: { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['get'] }] },
      deployer: { namespace: 'app', rules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['create'] }] },
      lister: { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['list'] }] },
      watcher: { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['watch'] }] },
      anyone: { namespace: 'app', rules: [{ apiGroups: ['', '*'], resources: ['pods', '*'], verbs: ['get', '*'] }] },
      patcher: {
        namespace: 'app',
        serviceAccount: 'app/app',
        rules: [
          { resources: ['configmaps'], verbs: ['patch'] },
          { resources: ['configmaps'], resourceNames: ['mine'], verbs: ['create'] },
        ],
      },
    },
    probes: [
      succeeds(kubernetesGet(PODS_OF_APP, { user: 'lister' })),
      fails(kubernetesGet(`${PODS_OF_APP}?watch=true&timeoutSeconds=1`, { user: 'lister' }), FORBIDDEN),
      succeeds(reviewAccess('watcher', { verb: 'watch', resource: 'pods', namespace: APP })),
      fails(kubernetesGet(PODS_OF_APP, { user: 'watcher' }), FORBIDDEN),
      succeeds(reviewAccess('reader', { verb: 'get', resource: 'pods', namespace: APP })),
      fails(reviewAccess('reader', { verb: 'create', resource: 'pods', namespace: APP }), NOT_ALLOWED),
      fails(reviewAccess('reader', { verb: 'get', resource: 'podtemplates', namespace: APP }), NOT_ALLOWED),
      // A star counts at any place of a list.
      succeeds(reviewAccess('anyone', { verb: 'create', group: 'apps', resource: 'deployments', namespace: APP })),
      fails(reviewAccess('reader', { verb: 'get', resource: 'pods' }), NOT_ALLOWED),
      succeeds(reviewAccess('deployer', { verb: 'create', group: 'apps', resource: 'deployments', namespace: APP })),
      fails(
        reviewAccess('deployer', { verb: 'create', group: 'batch', resource: 'deployments', namespace: APP }),
        NOT_ALLOWED,
      ),
      fails(reviewAccess('deployer', { verb: 'create', resource: 'deployments', namespace: APP }), NOT_ALLOWED),
      check('an apply that creates an object requires create', async ({ kubernetes, name }) => {
        const apply = async (object: string, user?: string): Promise<number> => {
          const headers = { 'Content-Type': 'application/apply-patch+yaml', ...(user && { 'Impersonate-User': user }) };
          const path = `${name(`/api/v1/namespaces/${APP}/configmaps`)}/${object}?fieldManager=conformance`;
          const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: object } };
          return (await kubernetes({ method: 'PATCH', path, headers, body })).status;
        };
        const user = name(`system:serviceaccount:${APP}:app`);
        expect(await apply('others', user), 'a missing object').to.equal(403);
        expect(await apply('others')).to.equal(201);
        expect(await apply('others', user), 'an existing object').to.equal(200);
        expect(await apply('mine', user), 'an object that it may create').to.equal(201);
        const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'others' } };
        const path = name(`/api/v1/namespaces/${APP}/configmaps/others`);
        const put = await kubernetes({ method: 'PUT', path, body, headers: { 'Impersonate-User': user } });
        expect(put.status, 'an update with only the right to patch').to.equal(403);
      }),
    ],
  });

  scenario('RB-18', 'a service account does not share the rights of its namesake in another namespace', {
    source: `${RBAC}, "Referring to subjects"`,
    workloads: { app: {}, twin: { namespace: 'other' } },
    users: { app: { namespace: 'app', serviceAccount: 'app/app', rules: [{ resources: ['pods'], verbs: ['list'] }] } },
    tokens: { app: { serviceAccount: 'app/app' }, twin: { serviceAccount: 'other/app' } },
    probes: [
      controlSucceeds(kubernetesGet(PODS_OF_APP, { token: 'app' })),
      fails(kubernetesGet(PODS_OF_APP, { token: 'twin' }), FORBIDDEN),
      fails(kubernetesGet('/api/v1/namespaces/<namespace:other>/pods', { token: 'app' }), FORBIDDEN),
      check('a binding can name an account as a user or by its group', async ({ eventually, kubernetes, name }) => {
        const group = 'rbac.authorization.k8s.io';
        const path = name(`/apis/${group}/v1/namespaces/${APP}/rolebindings`);
        const binding = { apiVersion: `${group}/v1`, kind: 'RoleBinding' };
        const account = name('system:serviceaccount:<namespace:other>:app');
        const late = name(`system:serviceaccount:${APP}:late`);
        for (const [kind, subject, user] of [
          // Without a namespace, the binding's namespace applies.
          ['ServiceAccount', { apiGroup: '', name: 'late' }, late],
          ['User', { apiGroup: group, name: account }, account],
          ['Group', { apiGroup: group, name: name(`system:serviceaccounts:${APP}`) }, `${late}r`],
        ] as const) {
          const headers = { 'Impersonate-User': user };
          const list = async (): Promise<number> => (await kubernetes({ path: name(PODS_OF_APP), headers })).status;
          expect(await list(), `${kind} without a binding`).to.equal(403);
          const body = {
            ...binding,
            metadata: { name: `of-${kind.toLowerCase()}` },
            roleRef: { apiGroup: group, kind: 'Role', name: 'app' },
            subjects: [{ kind, ...subject }],
          };
          expect(await kubernetes({ method: 'POST', path, body }), `a binding of ${kind}`).to.include({ status: 201 });
          // The authorizer sees a new binding with a delay.
          expect(await eventually(list, (status) => status !== 403), `${kind} with a binding`).to.equal(200);
          // The account's namespace has a longer name.
          const stranger = { 'Impersonate-User': `system:serviceaccount:${name(APP)}x:late` };
          const ofStranger = await kubernetes({ path: name(PODS_OF_APP), headers: stranger });
          expect(ofStranger.status, `user other than the bound ${kind}`).to.equal(403);
          const nobody = { ...body, subjects: [] };
          await kubernetes({ method: 'PUT', path: `${path}/${body.metadata.name}`, body: nobody });
          const isGone = await eventually(list, (status) => status === 403);
          expect(isGone, `${kind} after the binding lost it`).to.equal(403);
        }
      }),
    ],
  });

  // In a shared cluster a run grants nothing in namespace default.
  scenario('RB-45', 'an access review without a namespace asks about all namespaces, not about default', {
    source: 'Kubernetes API Reference, SubjectAccessReview and SelfSubjectAccessReview: resourceAttributes.namespace',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('rights in default do not answer such a review', async (context) => {
        const { eventually, kubernetes, name } = context;
        const user = name(`${APP}-reader`);
        const rules = [{ resources: ['configmaps', 'nodes'], verbs: ['get'] }];
        const subject = { apiGroup: GROUP, kind: 'User', name: user };
        const headers = { 'Impersonate-User': user };
        const allowedBy = async (kind: string, attributes: object): Promise<boolean> => {
          const spec = {
            resourceAttributes: { verb: 'get', resource: 'configmaps', ...attributes },
            ...(kind === 'SubjectAccessReview' && { user }),
          };
          const body = { apiVersion: `${AUTHORIZATION}/v1`, kind, spec };
          const path = `/apis/${AUTHORIZATION}/v1/${kind.toLowerCase()}s`;
          const as = kind === 'SubjectAccessReview' ? {} : { headers };
          const answer = await kubernetes({ method: 'POST', path, body, ...as });
          expect(answer, answer.body).to.include({ status: 201 });
          return (JSON.parse(answer.body) as { readonly status: { readonly allowed: boolean } }).status.allowed;
        };
        const expectReviews = async (expected: Readonly<Record<string, boolean>>): Promise<void> => {
          for (const kind of ['SelfSubjectAccessReview', 'SubjectAccessReview'])
            for (const [attributes, allowed] of Object.entries(expected)) {
              const look = () => allowedBy(kind, JSON.parse(attributes) as object);
              // The authorizer sees a new binding with a delay.
              const isAllowed = allowed ? await eventually(look, (one) => one) : await look();
              expect(isAllowed, `${kind} ${attributes}`).to.equal(allowed);
            }
        };
        const inDefault = `/apis/${GROUP}/v1/namespaces/default`;
        const names = { role: `${inDefault}/roles`, binding: `${inDefault}/rolebindings` };
        try {
          for (const [path, body] of [
            [names.role, object('Role', user, { rules: rulesOf(rules) })],
            [names.binding, object('RoleBinding', user, { ...roleRefTo('Role', user), subjects: [subject] })],
          ] as const)
            expect(await kubernetes({ method: 'POST', path, body }), path).to.include({ status: 201 });
          await expectReviews({
            '{"namespace":"default"}': true,
            '{}': false,
            '{"namespace":""}': false,
            '{"name":"any"}': false,
            [JSON.stringify({ namespace: name(APP) })]: false,
            // Nodes have no namespace.
            '{"resource":"nodes"}': false,
          });
          await withRights(context, { rules, subject }, () =>
            expectReviews({ '{}': true, '{"namespace":""}': true, '{"resource":"nodes"}': true }),
          );
        } finally {
          for (const path of [names.binding, names.role])
            await kubernetes({ method: 'DELETE', path: `${path}/${user}` });
        }
      }),
    ],
  });
});
