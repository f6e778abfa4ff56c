import { expect } from 'chai';
import { pod, startTestCluster, type TestCluster } from '../../../../test/support/api-server.ts';
import { API_AUDIENCE } from '../identity/token-issuer.ts';

const PODS = '/api/v1/namespaces/default/pods';

describe('the API server', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster();
  });
  after(() => cluster.close());

  describe('access', () => {
    for (const [as, path, status] of [
      [undefined, '/readyz', 200],
      [undefined, '/version', 200],
      [undefined, '/api', 403],
      [undefined, '/openid/v1/jwks', 403],
      [undefined, PODS, 403],
      ['bob', '/apis', 200],
      ['bob', PODS, 403],
      ['bob', '/openid/v1/jwks', 403],
      ['admin', '/openid/v1/jwks', 200],
      ['admin', '/nothing', 404],
      ['admin', '/api/v1/namespaces/default/widgets', 404],
      ['admin', '/apis/apps/v1/namespaces/default/pods', 404],
      ['admin', '/api/v1/namespaces/default/nodes', 404],
      ['admin', '/api/v1/namespaces/default/namespaces', 404],
      ['admin', '/api/v1/namespaces/default/namespaces/kube-system', 404],
      ['admin', '/api/v1/namespaces/%zz/pods', 400],
    ] as const) {
      it(`returns ${status} for ${path} to ${as ?? 'an anonymous caller'}`, async () => {
        expect((await cluster.call('GET', path, { as })).status).to.equal(status);
      });
    }

    for (const [resource, namespace] of [
      ['authentication.k8s.io/v1/{}tokenreviews', true],
      ['authorization.k8s.io/v1/{}subjectaccessreviews', true],
      ['authorization.k8s.io/v1/{}localsubjectaccessreviews', false],
    ] as const) {
      const path = `/apis/${resource.replace('{}', namespace ? 'namespaces/default/' : '')}`;
      it(`returns 404 for a review at ${path}`, async () => {
        expect((await cluster.call('POST', path, { as: 'admin', body: {} })).status).to.equal(404);
      });
    }

    it('lets service accounts read the issuer documents', async () => {
      const { uid } = cluster.server.store.get('serviceaccounts', 'default', 'default')!.metadata;
      const account = { namespace: 'default', name: 'default', uid: uid! };
      const { token } = await cluster.server.tokens.issue(account, {
        audiences: [API_AUDIENCE],
        expirationSeconds: 600,
      });
      const { status, body, headers } = await cluster.call('GET', '/.well-known/openid-configuration', { token });
      expect(headers['cache-control']).to.equal('public, max-age=3600');
      expect([status, body['jwks_uri']]).to.deep.equal([200, `${cluster.server.url}/openid/v1/jwks`]);
    });

    it("rejects a forbidden request with Kubernetes's message", async () => {
      const { body } = await cluster.call('GET', PODS, { as: 'bob' });
      expect(body['message']).to.equal(
        'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"',
      );
      expect(body['reason']).to.equal('Forbidden');
    });

    it('rejects an unknown token without repeating it', async () => {
      const answer = await cluster.call('GET', '/version', { token: 'secret-value' });
      expect(answer.status).to.equal(401);
      expect(answer.text).not.to.contain('secret-value');
    });

    it('only accepts bearer tokens; other headers are anonymous', async () => {
      const status = async (authorization: string): Promise<number> =>
        (await cluster.call('GET', PODS, { as: undefined, headers: { authorization } })).status;
      for (const none of ['Basic YTpi', 'Bearer', 'Bearer  user:admin', 'user:admin'])
        expect(await status(none), none).to.equal(403);
      for (const one of ['bearer user:admin', 'Bearer user:admin more']) expect(await status(one), one).to.equal(200);
      expect(await status('Bearer more user:admin')).to.equal(401);
    });

    it('supports impersonation by authorized users', async () => {
      const headers = { 'impersonate-user': 'system:serviceaccount:default:default' };
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const self = async (headers: Record<string, string>): Promise<object> => {
        const { body } = await cluster.call('POST', path, { body: {}, headers });
        return (body['status'] as { userInfo: object }).userInfo;
      };
      const groups = ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'];
      expect(await self(headers)).to.deep.equal({ username: headers['impersonate-user'], groups });
      const more = { 'impersonate-group': 'a, b', 'impersonate-extra-example.com%2fscopes': 'view, edit' };
      expect(await self({ ...headers, ...more })).to.deep.equal({
        username: headers['impersonate-user'],
        groups: ['a', 'b', 'system:authenticated'],
        extra: { 'example.com/scopes': ['view', 'edit'] },
      });
      const strangers = { ...headers, 'impersonate-group': 'system:unauthenticated' };
      expect((await cluster.call('GET', '/version', { headers: strangers })).status).to.equal(200);
      expect((await cluster.call('GET', '/api', { headers: strangers })).status).to.equal(403);
      expect((await cluster.call('POST', path, { as: 'bob', body: {}, headers })).status).to.equal(403);
    });

    it('answers access reviews by the current roles', async () => {
      const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
      await cluster.call('POST', path, {
        body: {
          metadata: { name: 'carol-views' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
          subjects: [{ kind: 'User', name: 'carol' }],
        },
      });
      const review = async (verb: string) => {
        const resourceAttributes = { verb, resource: 'pods', namespace: 'default' };
        const spec = { user: 'carol', resourceAttributes };
        const answer = await cluster.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          body: { spec },
        });
        return (answer.body['status'] as { allowed: boolean }).allowed;
      };
      expect([await review('list'), await review('create')]).to.deep.equal([true, false]);
      expect((await cluster.call('GET', PODS, { as: 'carol' })).status).to.equal(200);
    });
  });

  describe('objects', () => {
    it('rejects malformed requests with a Status', async () => {
      const malformed: [string, string, unknown, Record<string, string>?][] = [
        ['POST', PODS, [1]],
        ['POST', PODS, { metadata: 5 }],
        ['POST', PODS, { metadata: { name: 7 } }],
        ['POST', PODS, { kind: 'Secret', metadata: { name: 'x' } }],
        ['POST', PODS, { apiVersion: 'v2', metadata: { name: 'x' } }],
        ['POST', PODS, { metadata: { name: 'x', namespace: 'other' } }],
        ['POST', PODS, { metadata: { name: 'x' }, spec: 'text' }],
        ['POST', PODS, undefined],
        ['POST', PODS, pod('x'), { 'content-type': 'image/png' }],
        ['GET', `${PODS}?labelSelector=a+in+b`, undefined],
        ['GET', `${PODS}?fieldSelector=spec.x%3D1`, undefined],
        ['GET', `${PODS}?limit=-1`, undefined],
        ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: {} }],
      ];
      for (const [method, path, body, headers = {}] of malformed) {
        const answer = await cluster.call(method, path, { body, headers });
        expect(answer.status, `${method} ${path} ${JSON.stringify(body)}`).to.be.within(400, 422);
        expect(answer.body.kind).to.equal('Status');
      }
    });

    for (const [title, body, field] of [
      [
        'an invalid name',
        { metadata: { name: 'Upper_Case' }, spec: { containers: [{ name: 'a', image: 'b' }] } },
        'metadata.name',
      ],
      ['missing containers', { metadata: { name: 'x' }, spec: {} }, 'spec.containers'],
      ['an invalid label', { ...pod('x'), metadata: { name: 'x', labels: { a: 'b c' } } }, 'metadata.labels'],
      [
        'a mount without a volume',
        pod('x', { containers: [{ name: 'a', image: 'b', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }),
        'spec.containers[0].volumeMounts[0].name',
      ],
    ] as const) {
      it(`rejects a pod with ${title} and names the field`, async () => {
        const { status, body: answer } = await cluster.call('POST', PODS, { body });
        expect(status).to.equal(422);
        const { causes } = answer['details'] as { causes: { field: string }[] };
        expect(causes.map((cause) => cause.field)).to.include(field);
      });
    }

    it('gives a pod defaults, a service account and an API token', async () => {
      const { body } = await cluster.call('POST', PODS, { body: pod('defaults') });
      const spec = body['spec'] as Record<string, unknown>;
      expect(spec).to.include({
        serviceAccountName: 'default',
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
      });
      const volumes = spec['volumes'] as { name: string; projected: { sources: object[] } }[];
      expect(volumes[0]?.name).to.match(/^kube-api-access-[a-z0-9]{5}$/);
      expect(volumes[0]?.projected.sources[0]).to.deep.equal({
        serviceAccountToken: { expirationSeconds: 3607, path: 'token' },
      });
      expect(body['status']).to.include({ phase: 'Pending' });
      const without = await cluster.call('POST', PODS, {
        body: pod('without', { automountServiceAccountToken: false }),
      });
      expect((without.body['spec'] as { volumes?: object[] }).volumes).to.equal(undefined);
    });

    it('rejects a pod whose service account does not exist', async () => {
      const { status, body } = await cluster.call('POST', PODS, { body: pod('x', { serviceAccountName: 'none' }) });
      expect([status, body['message']]).to.deep.equal([
        403,
        'pods "x" is forbidden: error looking up service account default/none: serviceaccount "none" not found',
      ]);
    });

    for (const [what, spec] of [
      ['initContainers that are a string', { initContainers: 'x' }],
      ['a null init container', { initContainers: [null] }],
      ['a null container', { containers: [null, { name: 'app', image: 'app:1' }] }],
      ['a volume name that leaves the folder', { volumes: [{ name: '../../v', emptyDir: {} }] }],
      [
        'two mounts at the same path',
        {
          volumes: [{ name: 'v' }],
          containers: [
            {
              name: 'app',
              image: 'app:1',
              volumeMounts: [
                { name: 'v', mountPath: '/v' },
                { name: 'v', mountPath: '/v' },
              ],
            },
          ],
        },
      ],
      ['two volumes with the same name', { volumes: [{ name: 'v' }, { name: 'v' }] }],
      [
        'a token for less than ten minutes',
        {
          volumes: [
            { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 599 } }] } },
          ],
        },
      ],
      [
        'a variable with a value and a source',
        {
          containers: [
            {
              name: 'app',
              image: 'app:1',
              env: [{ name: 'A', value: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            },
          ],
        },
      ],
      ['an init container with the name of a container', { initContainers: [{ name: 'app', image: 'app:1' }] }],
      ['a port above 65535', { containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 70_000 }] }] }],
      ['a negative deadline', { activeDeadlineSeconds: -1 }],
      ['numbers as arguments', { containers: [{ name: 'app', image: 'app:1', args: [1] }] }],
      [
        'a subPath that leaves the volume',
        {
          volumes: [{ name: 'v', emptyDir: {} }],
          containers: [
            { name: 'app', image: 'app:1', volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/../../b' }] },
          ],
        },
      ],
    ] as const) {
      it(`rejects a pod with ${what}`, async () => {
        expect((await cluster.call('POST', PODS, { body: pod('malformed', spec) })).status).to.be.oneOf([400, 422]);
      });
    }

    it('rejects annotations of more than 256 KiB', async () => {
      const annotations = { a: 'x'.repeat(262_144) };
      const body = { metadata: { name: 'annotated', annotations } };
      const answer = await cluster.call('POST', '/api/v1/namespaces/default/configmaps', { body });
      expect(answer.status).to.equal(422);
      expect(answer.text).to.contain('Too long: may not be more than 262144 bytes');
    });

    it('rejects another type for a secret', async () => {
      const path = '/api/v1/namespaces/default/secrets';
      await cluster.call('POST', path, { body: { metadata: { name: 'typed' } } });
      const headers = { 'content-type': 'application/merge-patch+json' };
      const answer = await cluster.call('PATCH', `${path}/typed`, { headers, body: { type: 'kubernetes.io/tls' } });
      expect(answer.status).to.equal(422);
      expect(answer.text).to.contain('type: Invalid value');
    });

    it('rejects a status whose conditions are not a list of objects', async () => {
      await cluster.call('POST', PODS, { body: pod('odd-status') });
      const headers = { 'content-type': 'application/merge-patch+json' };
      for (const conditions of ['x', { a: 1 }, [null]]) {
        const body = { status: { conditions } };
        const { status } = await cluster.call('PATCH', `${PODS}/odd-status/status`, { headers, body });
        expect(status).to.be.oneOf([400, 422]);
      }
    });

    it('limits a grace period that no date can represent', async () => {
      const spec = { nodeName: 'node-0', terminationGracePeriodSeconds: 1e15 };
      await cluster.call('POST', PODS, { body: pod('for-ever', spec) });
      const { status, body } = await cluster.call('DELETE', `${PODS}/for-ever`);
      expect(status).to.equal(200);
      expect(body.metadata.deletionGracePeriodSeconds).to.equal(2_147_483);
    });

    it('keeps a pod spec immutable, and changes the status only by its subresource', async () => {
      await cluster.call('POST', PODS, { body: pod('fixed') });
      const merge = { headers: { 'content-type': 'application/merge-patch+json' } };
      const path = `${PODS}/fixed`;
      const spec = await cluster.call('PATCH', path, { ...merge, body: { spec: { serviceAccountName: 'x' } } });
      expect(spec.status).to.equal(422);
      const status = await cluster.call('PATCH', path, { ...merge, body: { status: { phase: 'Failed' } } });
      expect(status.body['status']).to.include({ phase: 'Pending' });
      const sub = await cluster.call('PATCH', `${path}/status`, { ...merge, body: { status: { phase: 'Running' } } });
      expect(sub.body['status']).to.include({ phase: 'Running' });
    });

    it('allows different downward API fields in variables and files', async () => {
      for (const [fieldPath, ofVariables, ofFiles] of [
        ['metadata.name', 201, 201],
        ["metadata.labels['a']", 201, 201],
        ['metadata.labels', 422, 201],
        ['spec.nodeName', 201, 422],
        ['spec.restartPolicy', 422, 422],
      ] as const) {
        const containers = [
          { name: 'main', image: 'test', env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath } } }] },
        ];
        const volumes = [{ name: 'v', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath } }] } }];
        for (const [spec, expected] of [
          [{ containers }, ofVariables],
          [{ volumes }, ofFiles],
        ] as const) {
          const { status } = await cluster.call('POST', `${PODS}?dryRun=All`, { body: pod('fields', spec) });
          expect(status, `${fieldPath} in ${Object.keys(spec).join()}`).to.equal(expected);
        }
      }
    });

    it('allows an update to add tolerations to a pod, but not to remove any', async () => {
      const toleration = { key: 'own', operator: 'Exists' };
      const { body } = await cluster.call('POST', PODS, { body: pod('tolerant', { tolerations: [toleration] }) });
      const { tolerations } = body['spec'] as { tolerations: object[] };
      const patch = async (spec: object): Promise<number> => {
        const headers = { 'content-type': 'application/merge-patch+json' };
        return (await cluster.call('PATCH', `${PODS}/tolerant`, { headers, body: { spec } })).status;
      };
      expect(await patch({ tolerations: [...tolerations, { ...toleration, key: 'more' }] })).to.equal(200);
      expect(await patch({ tolerations })).to.equal(422);
      expect(await patch({ terminationGracePeriodSeconds: 7 })).to.equal(422);
    });

    it('creates no object in a dry run', async () => {
      expect((await cluster.call('POST', `${PODS}?dryRun=All`, { body: pod('dry') })).status).to.equal(201);
      expect((await cluster.call('GET', `${PODS}/dry`)).status).to.equal(404);
    });

    it('lists objects in pages and as a table', async () => {
      const path = '/api/v1/namespaces/kube-public/configmaps';
      for (const name of ['c', 'a', 'b']) await cluster.call('POST', path, { body: { metadata: { name } } });
      const names: string[] = [];
      let next = '';
      do {
        const { body } = await cluster.call('GET', `${path}?limit=3&continue=${next}`);
        names.push(...(body['items'] as { metadata: { name: string } }[]).map((item) => item.metadata.name));
        next = (body.metadata['continue'] as string | undefined) ?? '';
      } while (next !== '');
      expect(names).to.deep.equal(['a', 'b', 'c', 'kube-root-ca.crt']);
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
      const table = await cluster.call('GET', path, { headers: { accept } });
      const { columnDefinitions, rows } = table.body as unknown as {
        columnDefinitions: { name: string }[];
        rows: { cells: unknown[] }[];
      };
      expect(columnDefinitions.map((column) => column.name)).to.deep.equal(['Name', 'Data', 'Age']);
      expect(rows[0]?.cells.slice(0, 2)).to.deep.equal(['a', 0]);
    });

    it('rejects an update of an old version', async () => {
      const path = '/api/v1/namespaces/default/configmaps';
      const { body } = await cluster.call('POST', path, { body: { metadata: { name: 'versioned' } } });
      const first = await cluster.call('PUT', `${path}/versioned`, { body: { ...body, data: { a: '1' } } });
      const second = await cluster.call('PUT', `${path}/versioned`, { body: { ...body, data: { a: '2' } } });
      expect([first.status, second.status, second.body['reason']]).to.deep.equal([200, 409, 'Conflict']);
    });

    it('stores the stringData of secrets in base64', async () => {
      const body = { metadata: { name: 's' }, stringData: { a: 'b' } };
      const answer = await cluster.call('POST', '/api/v1/namespaces/default/secrets', { body });
      expect(answer.body).to.deep.include({ data: { a: 'Yg==' }, type: 'Opaque' });
      expect(answer.body).not.to.have.property('stringData');
    });

    it('only accepts writes whose preconditions hold', async () => {
      const path = '/api/v1/namespaces/default/configmaps';
      const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata }, data: { k: 'v' } });
      const merge = 'application/merge-patch+json';
      const { uid, resourceVersion } = (await cluster.call('POST', path, { body: map('one') })).body.metadata;
      const unchanged = { preconditions: { resourceVersion } };
      await cluster.call('PATCH', `${path}/one`, {
        body: { metadata: { annotations: { note: 'x' } } },
        headers: { 'content-type': merge },
      });
      for (const [what, method, target, body, status, type] of [
        ['a creation under a taken name', 'POST', path, map('one'), 409],
        ['a creation in a missing namespace', 'POST', '/api/v1/namespaces/none/configmaps', map('two'), 404],
        ['an update of a missing object', 'PUT', `${path}/two`, map('two'), 404],
        ['an update with another name', 'PUT', `${path}/one`, map('two'), 400],
        ['an update with another UID', 'PUT', `${path}/one`, map('one', { uid: 'another' }), 409],
        ['a patch of an old version', 'PATCH', `${path}/one`, { metadata: { resourceVersion } }, 409, merge],
        ['a patch in a dry run', 'PATCH', `${path}/one?dryRun=All`, { data: { k: 'dry' } }, 200, merge],
        ['a patch with an unsupported type', 'PATCH', `${path}/one`, { data: {} }, 415, 'application/json'],
        ['a deletion in a dry run', 'DELETE', `${path}/one?dryRun=All`, undefined, 200],
        ['a deletion with another UID', 'DELETE', `${path}/one`, { preconditions: { uid: 'another' } }, 409],
        ['a deletion of an old version', 'DELETE', `${path}/one`, unchanged, 409],
      ] as const) {
        const headers = { 'content-type': type ?? 'application/json' };
        expect((await cluster.call(method, target, { body, headers })).status, what).to.equal(status);
      }
      const { metadata, ...rest } = (await cluster.call('GET', `${path}/one`)).body;
      expect([metadata.uid, metadata.annotations, rest['data']]).to.deep.equal([uid, { note: 'x' }, { k: 'v' }]);
      const replaced = await cluster.call('PUT', `${path}/one`, { body: map('one') });
      expect(replaced.body.metadata).not.to.have.property('annotations');
      expect((await cluster.call('DELETE', `${path}/one`, { body: { preconditions: { uid } } })).status).to.equal(200);
      const again = await cluster.call('POST', path, { body: map('one', { uid }) });
      expect(again.body.metadata.uid).not.to.equal(uid);
    });

    for (const [kind, changes] of [
      ['configmaps', [{ data: { a: 'z' } }, { data: { b: 'z' } }, { binaryData: { b: 'eg==' } }, { immutable: false }]],
      ['secrets', [{ stringData: { a: 'z' } }, { immutable: false }]],
    ] as const) {
      it(`keeps immutable ${kind} unchanged except for labels`, async () => {
        const path = `/api/v1/namespaces/default/${kind}`;
        await cluster.call('POST', path, {
          body: { metadata: { name: 'fixed' }, data: { a: 'eA==' }, immutable: true },
        });
        const headers = { 'content-type': 'application/merge-patch+json' };
        const patch = async (body: object) => (await cluster.call('PATCH', `${path}/fixed`, { headers, body })).status;
        for (const change of changes) expect(await patch(change), JSON.stringify(change)).to.equal(422);
        expect(await patch({ metadata: { labels: { team: 'x' } } })).to.equal(200);
      });
    }

    it("allows changes of a pod's images but no other container fields, and its eviction", async () => {
      await cluster.call('POST', PODS, { body: pod('held') });
      const headers = { 'content-type': 'application/strategic-merge-patch+json' };
      const patch = async (spec: object) =>
        (await cluster.call('PATCH', `${PODS}/held`, { headers, body: { spec } })).status;
      const app = { name: 'app' };
      expect(await patch({ containers: [{ ...app, image: 'other:2' }] })).to.equal(200);
      for (const spec of [
        { containers: [{ ...app, env: [{ name: 'A', value: 'x' }] }] },
        { automountServiceAccountToken: true },
        { volumes: null },
      ])
        expect(await patch(spec), JSON.stringify(spec)).to.equal(422);
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'held' } };
      expect((await cluster.call('POST', `${PODS}/held/eviction`, { body: eviction })).status).to.equal(201);
    });

    it('watches and deletes objects by selector', async () => {
      const path = '/api/v1/namespaces/kube-public/configmaps';
      const headers = { 'content-type': 'application/merge-patch+json' };
      const patch = (name: string, body: object) => cluster.call('PATCH', `${path}/${name}`, { headers, body });
      for (const [name, team] of [
        ['in', 'x'],
        ['out', 'y'],
      ] as const)
        await cluster.call('POST', path, { body: { metadata: { name, labels: { team } } } });
      const from = (await cluster.call('GET', path)).body.metadata.resourceVersion;
      await patch('in', { data: { k: 'v' } });
      await patch('in', { metadata: { labels: { team: 'y' } } });
      await patch('out', { metadata: { labels: { team: 'x' } } });
      expect((await cluster.call('DELETE', `${path}?labelSelector=team%3Dx`)).status).to.equal(200);
      expect((await cluster.call('GET', `${path}/in`)).status).to.equal(200);
      const query = `watch=1&resourceVersion=${from}&timeoutSeconds=0.01&labelSelector=team%3Dx`;
      const { text } = await cluster.call('GET', `${path}?${query}`);
      const events = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; object: { metadata: { name: string } } });
      expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).to.deep.equal([
        'MODIFIED in',
        'DELETED in',
        'ADDED out',
        'DELETED out',
      ]);
    });

    it("computes a pod's quality of service from its containers' resources", async () => {
      for (const [resources, qosClass] of [
        [{}, 'BestEffort'],
        [{ requests: { cpu: '1m' } }, 'Burstable'],
        [{ limits: { cpu: '500m', memory: '256Mi' } }, 'Guaranteed'],
      ] as const) {
        const containers = [{ name: 'app', image: 'app:1', resources }];
        const { body } = await cluster.call('POST', `${PODS}?dryRun=All`, { body: pod('quality', { containers }) });
        expect(body['status'], JSON.stringify(resources)).to.include({ qosClass });
      }
    });

    it('watches objects from a version, unless that is too old', async () => {
      const path = '/api/v1/namespaces/kube-node-lease/configmaps';
      const from = (await cluster.call('GET', path)).body.metadata.resourceVersion;
      await cluster.call('POST', path, { body: { metadata: { name: 'w' } } });
      await cluster.call('DELETE', `${path}/w`);
      const { text } = await cluster.call('GET', `${path}?watch=1&resourceVersion=${from}&timeoutSeconds=0.01`);
      const events = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string });
      expect(events.map((event) => event.type)).to.deep.equal(['ADDED', 'DELETED']);
      const { store } = cluster.server;
      for (let i = 0; i < 2100; i += 1) {
        const metadata = { name: 'kube-root-ca.crt', namespace: 'kube-node-lease' };
        store.update('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { i: String(i) } });
      }
      const old = await cluster.call('GET', `${path}?watch=1&resourceVersion=${from}`);
      expect(JSON.parse(old.text)).to.deep.include({ type: 'ERROR' });
      expect(old.text).to.contain('"code":410');
    });

    it('restores the ConfigMap with the CA of the cluster', async () => {
      const path = '/api/v1/namespaces/kube-public/configmaps/kube-root-ca.crt';
      const before = (await cluster.call('GET', path)).body;
      for (const body of [{ data: { 'ca.crt': 'x' } }, { data: {} }, { ...before, binaryData: { x: 'eA==' } }]) {
        expect((await cluster.call('PUT', path, { body: { ...body, metadata: {} } })).status).to.equal(200);
        const after = (await cluster.call('GET', path)).body;
        expect(after).to.deep.include({ data: before['data'] }).and.not.to.have.property('binaryData');
      }
    });

    it('schedules pods on a ready node and deletes them gracefully', async () => {
      const path = `${PODS}/scheduled`;
      await cluster.call('POST', PODS, { body: pod('scheduled') });
      expect(((await cluster.call('GET', path)).body['spec'] as { nodeName?: string }).nodeName).to.equal(undefined);
      cluster.addNode('node-1');
      await new Promise((resolve) => setImmediate(resolve));
      expect((await cluster.call('GET', path)).body['spec']).to.include({ nodeName: 'node-1' });
      const log = await cluster.call('GET', `${path}/log`);
      expect(log.text).to.equal('log of default/scheduled/app\n');
      const deleted = await cluster.call('DELETE', path);
      expect(deleted.body.metadata).to.include({ deletionGracePeriodSeconds: 30 });
      const ends = Date.parse(deleted.body.metadata.deletionTimestamp ?? '');
      const longer = (await cluster.call('DELETE', path, { body: { gracePeriodSeconds: 60 } })).body.metadata;
      expect(Date.parse(longer.deletionTimestamp ?? ''), 'never longer').to.equal(ends);
      const { metadata } = (await cluster.call('DELETE', path, { body: { gracePeriodSeconds: 20 } })).body;
      expect(Date.parse(metadata.deletionTimestamp ?? ''), 'counted from the first delete').to.equal(ends - 10_000);
      await cluster.call('DELETE', path, { body: { gracePeriodSeconds: 0 } });
      expect((await cluster.call('GET', path)).status).to.equal(404);
    });

    it('keeps a terminating namespace until its last pod is gone', async () => {
      const path = '/api/v1/namespaces/ending';
      await cluster.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'ending' } } });
      await cluster.call('POST', `${path}/pods`, { body: pod('last') });
      await new Promise((resolve) => setImmediate(resolve));
      const { body } = await cluster.call('DELETE', path);
      expect(body['status']).to.deep.equal({ phase: 'Terminating' });
      expect((await cluster.call('POST', `${path}/configmaps`, { body: { metadata: { name: 'x' } } })).status).to.equal(
        403,
      );
      cluster.server.store.remove('pods', 'ending', 'last');
      expect((await cluster.call('GET', path)).status).to.equal(404);
      expect(cluster.server.store.list('configmaps', 'ending')).to.deep.equal([]);
    });

    it('recreates the default service account after its deletion', async () => {
      const path = '/api/v1/namespaces/default/serviceaccounts/default';
      const before = (await cluster.call('GET', path)).body.metadata.uid;
      await cluster.call('DELETE', path);
      expect((await cluster.call('GET', path)).body.metadata.uid)
        .to.be.a('string')
        .not.equal(before);
    });
  });
});
