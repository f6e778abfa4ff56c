import { expect } from 'chai';
import { pod, startTestCluster, type TestCluster } from '../../../../test/support/api-server.ts';

const NODE = 'n1';
const CORE = '/api/v1/namespaces/default';
const AS_NODE = { 'Impersonate-User': `system:node:${NODE}`, 'Impersonate-Group': 'system:nodes' };

describe('nodes', () => {
  let cluster: TestCluster;
  let uid = '';
  const as = (headers: Readonly<Record<string, string>>) => (method: string, path: string, body?: object) =>
    cluster.call(method, path, { ...(body && { body }), headers });
  const node = as(AS_NODE);
  const make = async (path: string, body: object) => {
    const answer = await cluster.call('POST', path, { body });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    return answer.body;
  };

  before(async () => {
    cluster = await startTestCluster();
    for (const name of [NODE, 'n2']) {
      await make('/api/v1/nodes', { metadata: { name, labels: { 'kubernetes.io/os': 'linux' } } });
      await make(`${CORE}/serviceaccounts`, { metadata: { name } });
      for (const kind of ['secrets', 'configmaps'])
        for (const use of ['volume', 'variable', 'source', 'projected'])
          await make(`${CORE}/${kind}`, { metadata: { name: `${name}-${use}` } });
      await make(`${CORE}/secrets`, { metadata: { name: `${name}-pull` } });
      const projected = (source: object) => ({ projected: { sources: [source] } });
      const created = await make(
        `${CORE}/pods`,
        pod(name, {
          nodeName: name,
          serviceAccountName: name,
          imagePullSecrets: [{ name: `${name}-pull` }],
          containers: [
            {
              name: 'app',
              image: 'app',
              env: [
                { name: 'A', valueFrom: { secretKeyRef: { name: `${name}-variable`, key: 'a' } } },
                { name: 'B', valueFrom: { configMapKeyRef: { name: `${name}-variable`, key: 'a' } } },
              ],
              envFrom: [{ secretRef: { name: `${name}-source` } }, { configMapRef: { name: `${name}-source` } }],
            },
          ],
          volumes: [
            { name: 'a', secret: { secretName: `${name}-volume` } },
            { name: 'b', configMap: { name: `${name}-volume` } },
            { name: 'c', ...projected({ secret: { name: `${name}-projected` } }) },
            { name: 'd', ...projected({ configMap: { name: `${name}-projected` } }) },
            { name: 'e', ...projected({ serviceAccountToken: { path: 'token', audience: 'vault' } }) },
          ],
        }),
      );
      if (name === NODE) uid = created.metadata.uid!;
    }
    await make(`${CORE}/secrets`, { metadata: { name: 'unused' } });
  });
  after(() => cluster.close());

  const allowed: readonly string[] = [
    ...['secrets', 'configmaps'].flatMap((kind) =>
      ['volume', 'variable', 'source', 'projected'].map((use) => `GET ${CORE}/${kind}/${NODE}-${use}`),
    ),
    `GET ${CORE}/secrets/${NODE}-pull`,
    `GET ${CORE}/secrets?fieldSelector=metadata.name%3D${NODE}-pull`,
    `GET ${CORE}/pods/${NODE}`,
    `GET /api/v1/pods?fieldSelector=spec.nodeName%3D${NODE}`,
    `GET /api/v1/pods?fieldSelector=spec.nodeName%3D%3D${NODE},status.phase!%3DFailed`,
    `GET ${CORE}/pods?fieldSelector=metadata.name%3D${NODE}`,
    `GET ${CORE}/serviceaccounts/${NODE}`,
    `GET /api/v1/nodes/${NODE}`,
    `GET /api/v1/nodes?fieldSelector=metadata.name%3D${NODE}`,
    `GET /api`,
  ];
  for (const request of allowed) {
    it(`may ${request}`, async () => {
      const [method = '', path = ''] = request.split(' ');
      expect((await node(method, path)).status).to.equal(200);
    });
  }

  const noRelation = `no relationship found between node '${NODE}' and this object`;
  const token = (spec: object) => ({
    spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: NODE, uid }, ...spec },
  });
  const TOKEN = `POST ${CORE}/serviceaccounts/${NODE}/token`;
  const refused: readonly [string, string | (() => object), string][] = [
    [`GET ${CORE}/secrets/n2-volume`, '', noRelation],
    [`GET ${CORE}/configmaps/n2-volume`, '', noRelation],
    [`GET ${CORE}/secrets/unused`, '', noRelation],
    [`GET /api/v1/namespaces/kube-system/secrets/${NODE}-volume`, '', noRelation],
    [`GET ${CORE}/secrets`, '', 'No Object name found'],
    ['GET /api/v1/secrets', '', 'can only read namespaced object of this type'],
    [`DELETE ${CORE}/secrets/${NODE}-volume`, '', 'can only read resources of this type'],
    [`GET ${CORE}/pods/n2`, '', noRelation],
    ['GET /api/v1/pods', '', 'can only list/watch pods with spec.nodeName field selector'],
    ['GET /api/v1/pods?watch=1', '', 'can only list/watch pods with spec.nodeName field selector'],
    [
      'GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn2',
      '',
      'can only list/watch pods with spec.nodeName field selector',
    ],
    [`GET /api/v1/pods?fieldSelector=spec.nodeName!%3D${NODE}`, '', 'with spec.nodeName field selector'],
    [`GET ${CORE}/pods?fieldSelector=metadata.name%3Dn2`, '', noRelation],
    [`GET ${CORE}/pods/${NODE}/log`, '', 'cannot get resource "pods/log"'],
    [`DELETE ${CORE}/pods`, '', 'cannot deletecollection resource "pods"'],
    ['GET /api/v1/nodes', '', `node '${NODE}' cannot read all nodes, only its own Node object`],
    ['GET /api/v1/nodes/n2', '', `node '${NODE}' cannot read 'n2', only its own Node object`],
    [`DELETE /api/v1/nodes/${NODE}`, '', 'cannot delete resource "nodes"'],
    [`GET ${CORE}/serviceaccounts/n2`, '', noRelation],
    [`GET ${CORE}/serviceaccounts`, '', 'can only create tokens for individual service accounts'],
    [`POST ${CORE}/serviceaccounts`, () => ({ metadata: { name: 'x' } }), 'can only create tokens for individual'],
    [
      'GET /apis/coordination.k8s.io/v1/namespaces/default/leases/n1',
      '',
      'can only access leases in the "kube-node-lease"',
    ],
    ['GET /apis/rbac.authorization.k8s.io/v1/clusterroles', '', 'cannot list resource "clusterroles"'],
    ['GET /metrics', '', 'cannot get path "/metrics"'],
    [`POST ${CORE}/serviceaccounts/n2/token`, () => token({}), noRelation],
    [`POST ${CORE}/serviceaccounts/default/token`, () => token({}), noRelation],
    [TOKEN, () => ({ spec: {} }), `serviceaccounts "${NODE}" is forbidden: node requested token not bound to a pod`],
    [
      TOKEN,
      () => token({ boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: NODE, uid } }),
      'node requested token not bound to a pod',
    ],
    [
      TOKEN,
      () => token({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: NODE } }),
      'node requested token with a pod binding without a uid',
    ],
    [
      TOKEN,
      () => token({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: NODE, uid: 'old' } }),
      'the UID in the bound object reference (old) does not match the UID in record',
    ],
    [TOKEN, () => token({ audiences: ['vault', 'sts'] }), 'node may only request 0 or 1 audiences'],
    [
      TOKEN,
      () => token({ audiences: ['sts.amazonaws.com'] }),
      `audience "sts.amazonaws.com" not found in pod spec volume, system:node:${NODE} is not authorized to request tokens for this audience`,
    ],
    [`POST ${CORE}/pods`, () => pod('x', { nodeName: NODE }), 'can only create mirror pods'],
    [`DELETE ${CORE}/pods/n2`, '', `node "${NODE}" can only delete pods with spec.nodeName set to itself`],
    [`PUT ${CORE}/pods/${NODE}`, () => pod(NODE), 'cannot update resource "pods"'],
    [
      `PUT ${CORE}/pods/n2/status`,
      () => pod('n2'),
      'can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      `PUT ${CORE}/pods/${NODE}/status`,
      () => ({ metadata: { labels: { a: 'b' } } }),
      'cannot update labels through pod status',
    ],
    [`POST ${CORE}/pods/n2/eviction`, () => ({}), `node ${NODE} can only evict pods with spec.nodeName set to itself`],
    ['PUT /api/v1/nodes/n2', () => ({ metadata: { labels: {} } }), `node "${NODE}" is not allowed to modify node "n2"`],
    [
      `PUT /api/v1/nodes/${NODE}`,
      () => ({ spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
      'is not allowed to modify taints',
    ],
    [
      `PUT /api/v1/nodes/${NODE}`,
      () => ({ metadata: { labels: { 'node-restriction.kubernetes.io/a': '', 'kubernetes.io/os': 'linux' } } }),
      'is not allowed to modify labels: node-restriction.kubernetes.io/a',
    ],
    [
      `PUT /api/v1/nodes/${NODE}`,
      () => ({
        metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Namespace', name: 'gone', uid: '1' }] },
      }),
      'is not allowed to modify ownerReferences',
    ],
    ['POST /api/v1/nodes', () => ({ metadata: { name: 'n3' } }), `node "${NODE}" is not allowed to modify node "n3"`],
  ];
  for (const [request, body, message] of refused) {
    it(`may not ${request}: ${message}`, async () => {
      const [method = '', path = ''] = request.split(' ');
      const answer = await node(method, path, typeof body === 'string' ? undefined : body());
      expect(answer.status).to.equal(403);
      expect(answer.body['message']).to.contain(message);
    });
  }

  it('may request tokens for audiences of their pods, and for those that RBAC grants', async () => {
    const request = async (spec: object) => (await node(...(TOKEN.split(' ') as [string, string]), token(spec))).status;
    expect(await request({ audiences: ['vault'] }), 'of its volume').to.equal(201);
    expect(await request({}), 'of the API server').to.equal(201);
    const role = { metadata: { name: 'audience' } };
    const rule = { apiGroups: [''], resources: ['registry'], verbs: ['request-serviceaccounts-token-audience'] };
    await make('/apis/rbac.authorization.k8s.io/v1/clusterroles', { ...role, rules: [rule] });
    await make('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      ...role,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'audience' },
      subjects: [{ kind: 'Group', name: 'system:nodes', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    expect(await request({ audiences: ['registry'] }), 'granted').to.equal(201);
    expect(await request({ audiences: ['other'] }), 'not granted').to.equal(403);
  });

  it('need the group system:nodes and a name', async () => {
    for (const [user, group] of [
      [`system:node:${NODE}`, 'x'],
      ['system:node:', 'system:nodes'],
      [NODE, 'system:nodes'],
    ]) {
      const get = as({ 'Impersonate-User': user!, 'Impersonate-Group': group! });
      expect((await get('GET', `${CORE}/secrets/${NODE}-volume`)).status, user).to.equal(403);
    }
  });

  it('have rights that reviews show', async () => {
    const spec = (fieldSelector: object) => ({
      user: `system:node:${NODE}`,
      groups: ['system:nodes'],
      resourceAttributes: { verb: 'list', resource: 'pods', fieldSelector },
    });
    const review = async (fieldSelector: object) =>
      (await make('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: spec(fieldSelector) }))['status'];
    const requirement = { key: 'spec.nodeName', operator: 'In', values: [NODE] };
    expect(await review({ requirements: [requirement] })).to.deep.equal({ allowed: true });
    expect(await review({ rawSelector: `spec.nodeName=${NODE}` })).to.deep.equal({ allowed: true });
    expect(await review({ requirements: [{ ...requirement, operator: 'NotIn' }] })).to.deep.equal({
      allowed: false,
      reason: 'can only list/watch pods with spec.nodeName field selector',
    });
    const rules = await node('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      spec: { namespace: 'default' },
    });
    expect(rules.body['status']).to.include({ incomplete: true });
  });

  it('may update and delete their own objects', async () => {
    const labels = { 'kubernetes.io/os': 'linux', team: 'a', 'node.kubernetes.io/instance-type': 't3.medium' };
    expect((await node('PUT', `/api/v1/nodes/${NODE}`, { metadata: { labels } })).status).to.equal(200);
    expect((await node('DELETE', `${CORE}/pods/${NODE}`)).status).to.equal(200);
  });
});
