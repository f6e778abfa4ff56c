import { expect } from 'chai';
import { pod, startTestCluster, type TestCluster } from '../../../../test/support/api-server.ts';

const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

describe('field validation', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster();
  });
  after(() => cluster.close());

  const deployment = (name: string, spec: object) => {
    const labels = { app: name };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }], ...spec } },
      },
    };
  };
  const misspelt = deployment('misspelt', { serviceAccountNme: 'app' });
  const UNKNOWN = 'unknown field "spec.template.spec.serviceAccountNme"';

  it('rejects an unknown field if it is strict', async () => {
    const { status, body } = await cluster.call('POST', `${DEPLOYMENTS}?fieldValidation=Strict`, { body: misspelt });
    expect(status).to.equal(400);
    expect(body).to.include({
      reason: 'BadRequest',
      message: `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${UNKNOWN}`,
    });
    expect((await cluster.call('GET', `${DEPLOYMENTS}/misspelt`)).status).to.equal(404);
  });

  it('warns of an unknown field by default, and drops it', async () => {
    for (const [query, name] of [
      ['', 'default'],
      ['?fieldValidation=Warn', 'warn'],
      ['?fieldValidation=Ignore', 'ignore'],
    ] as const) {
      const answer = await cluster.call('POST', `${DEPLOYMENTS}${query}`, {
        body: { ...misspelt, metadata: { name } },
      });
      expect(answer.status, name).to.equal(201);
      expect(answer.headers['warning']).to.equal(
        name === 'ignore' ? undefined : `299 - "${UNKNOWN.replaceAll('"', '\\"')}"`,
      );
      expect(JSON.stringify(answer.body), name).not.to.contain('serviceAccountNme');
    }
  });

  it('also covers replaced and patched objects', async () => {
    await cluster.call('POST', PODS, { body: pod('patched') });
    for (const [type, body] of [
      ['application/merge-patch+json', { metadata: { label: { a: 'b' } } }],
      ['application/strategic-merge-patch+json', { metadata: { label: { a: 'b' } } }],
      ['application/json-patch+json', [{ op: 'add', path: '/metadata/label', value: { a: 'b' } }]],
    ] as const) {
      const headers = { 'content-type': type };
      const answer = await cluster.call('PATCH', `${PODS}/patched?fieldValidation=Strict`, { headers, body });
      expect(answer.status, type).to.equal(400);
      expect(answer.body, type).to.have.property('message').that.contains('unknown field "metadata.label"');
    }
    const { body: stored } = await cluster.call('GET', `${PODS}/patched`);
    const replaced = await cluster.call('PUT', `${PODS}/patched?fieldValidation=Strict`, {
      body: { ...stored, sepc: {} },
    });
    expect(replaced.status).to.equal(400);
  });

  it('rejects another mode', async () => {
    const { status, body } = await cluster.call('POST', `${PODS}?fieldValidation=Bogus`, { body: pod('bogus') });
    expect(status).to.equal(422);
    expect(body).to.have.property('message').that.contains('Unsupported value: "Bogus"');
  });

  for (const [what, spec, message] of [
    [
      'a text for a list',
      { tolerations: 'x' },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.tolerations of type []v1.Toleration',
    ],
    [
      'a text for a boolean',
      { automountServiceAccountToken: 'false' },
      'PodSpec.spec.automountServiceAccountToken of type bool',
    ],
    ['a number for a text', { serviceAccountName: 7 }, 'PodSpec.spec.serviceAccountName of type string'],
    ['a list for a map', { nodeSelector: ['a'] }, 'PodSpec.spec.nodeSelector of type map[string]string'],
    [
      'a number for the audience of a token',
      { volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 1 } }] } }] },
      'of type string',
    ],
  ] as const)
    it(`rejects ${what} in every mode`, async () => {
      for (const mode of ['Strict', 'Warn', 'Ignore']) {
        const answer = await cluster.call('POST', `${PODS}?fieldValidation=${mode}`, { body: pod('wrong', spec) });
        expect(answer.status, mode).to.equal(400);
        expect(answer.body, mode).to.have.property('message').that.contains(message);
      }
    });

  it('rejects data that is not base64', async () => {
    for (const data of ['no base64', 'YQ', 'YQ=']) {
      const body = { metadata: { name: 'bad' }, data: { key: data } };
      const answer = await cluster.call('POST', '/api/v1/namespaces/default/secrets', { body });
      expect(answer.status, data).to.equal(400);
      expect(answer.body, data).to.have.property('message').that.contains('illegal base64 data at input byte');
    }
  });

  it('accepts numbers as quantities, and a port by name or number', async () => {
    const container = {
      name: 'app',
      image: 'app:1',
      resources: { limits: { cpu: 1, memory: '64Mi' }, requests: { cpu: 0.5 } },
      readinessProbe: { httpGet: { port: 'http' } },
      livenessProbe: { httpGet: { port: 80 } },
    };
    const body = pod('quantities', { containers: [container] });
    expect((await cluster.call('POST', `${PODS}?fieldValidation=Strict`, { body })).status).to.equal(201);
  });
});
