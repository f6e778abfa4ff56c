import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { pod, startTestCluster, type TestCluster } from '../../../../test/support/api-server.ts';

const PODS = '/api/v1/namespaces/default/pods';
const CONFIGURATIONS = {
  mutating: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  validating: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
};

interface Review {
  readonly apiVersion: string;
  readonly request: {
    uid: string;
    name: string;
    operation: string;
    dryRun: boolean;
    userInfo: { username: string };
    kind: { kind: string };
    object: { spec: { containers: { name: string; env?: object[] }[] } } | null;
  };
  /** The path of the webhook's URL. */
  path: string;
}

describe('admission webhooks', () => {
  let cluster: TestCluster;
  let webhook: Server;
  let answer: (review: Review) => object;
  let code: number;
  let seen: Review[] = [];

  before(async () => {
    cluster = await startTestCluster();
    const { certificate, key } = await cluster.server.issueCertificate('127.0.0.1');
    webhook = createServer({ cert: certificate, key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [path = ''] = request.url?.split('?') ?? [];
        const review = { ...(JSON.parse(Buffer.concat(chunks).toString()) as Review), path };
        seen.push(review);
        response.statusCode = code;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer(review)));
      });
    });
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await cluster.close();
    webhook.closeAllConnections();
    webhook.close();
  });
  beforeEach(() => {
    seen = [];
    code = 200;
    answer = (review) => respond(review, { allowed: true });
  });
  afterEach(async () => {
    await cluster.call('DELETE', CONFIGURATIONS.mutating);
    await cluster.call('DELETE', CONFIGURATIONS.validating);
  });

  function respond({ apiVersion, request }: Review, response: object): object {
    return { kind: 'AdmissionReview', apiVersion, response: { uid: request.uid, ...response } };
  }
  function patch(operations: object[]): object {
    const encoded = Buffer.from(JSON.stringify(operations)).toString('base64');
    return { allowed: true, patchType: 'JSONPatch', patch: encoded };
  }
  function configure(type: keyof typeof CONFIGURATIONS, settings: object = {}, name = 'hook') {
    const { port } = webhook.address() as AddressInfo;
    const caBundle = Buffer.from(cluster.server.certificateAuthority).toString('base64');
    return cluster.call('POST', CONFIGURATIONS[type], {
      body: {
        metadata: { name },
        webhooks: [
          {
            name: `${name}.example.com`,
            clientConfig: { url: `https://127.0.0.1:${port}/${name}`, caBundle },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            ...settings,
          },
        ],
      },
    });
  }
  const register = async (settings: object = {}): Promise<void> =>
    expect((await configure('mutating', settings)).status).to.equal(201) && undefined;
  /** The webhook's count of ignored failures in the metrics. */
  const failedOpen = async (): Promise<number> => {
    const { text } = await cluster.call('GET', '/metrics');
    const count = /^apiserver_admission_webhook_fail_open_count\{name="hook\.example\.com",type="admitting"\} (\d+)$/m;
    return Number(count.exec(text)?.[1] ?? 0);
  };
  const create = (name: string, query = '') => cluster.call('POST', `${PODS}${query}`, { body: pod(name) });

  const conditions: readonly [string, boolean][] = [
    ["object.metadata.name.startsWith('when')", true],
    ["request.operation == 'CREATE' && oldObject == null && !request.dryRun", true],
    ["request.userInfo.username == 'admin' && 'system:masters' in request.userInfo.groups", true],
    ["request.kind.kind == 'Pod' && request.namespace == 'default' && request.resource.resource == 'pods'", true],
    ["object.spec.containers.exists(c, c.image == 'app:1') && object.spec.containers.size() == 1", true],
    ['object.spec.terminationGracePeriodSeconds == 30', true],
    ["has(object.metadata.labels) && object.metadata.labels.app.matches('^when-[0-9]+$')", true],
    ["object.metadata.labels.map(k, k.upperAscii()).join(',') == 'APP'", true],
    [
      "type(object.metadata.name) == string && dyn(1) == 1 && timestamp('2026-01-01T00:00:00Z').getFullYear() == 2026",
      true,
    ],
    ["has(object.metadata.annotations) ? object.metadata.annotations['a/b'] == 'c' : false", false],
    ["!(object.metadata.namespace in ['default', 'kube-system'])", false],
    ["has(request.subResource) && request.subResource == 'status'", false],
  ];
  conditions.forEach(([expression, isCalled], index) => {
    it(`are ${isCalled ? '' : 'not '}called on the condition ${expression}`, async () => {
      await register({ matchConditions: [{ name: 'a', expression }] });
      await configure('validating', { matchConditions: [{ name: 'a', expression }] }, 'check');
      expect((await create(`when-${index}`)).status).to.equal(201);
      expect(seen.map(({ path }) => path)).to.deep.equal(isCalled ? ['/hook', '/check'] : []);
    });
  });

  it('refuse the request, or are skipped, if a condition fails and none is false', async () => {
    const [broken, no, yes] = ['object.spec.absent == 1', 'false', 'true'].map((expression, at) => ({
      name: `c${at}`,
      expression,
    }));
    await register({ matchConditions: [yes, broken], failurePolicy: 'Fail' });
    const refused = await create('fails');
    expect(refused.status).to.equal(403);
    expect(refused.body['message']).to.equal(
      `pods "fails" is forbidden: expression 'object.spec.absent == 1' resulted in error: no such key: absent`,
    );
    await cluster.call('DELETE', CONFIGURATIONS.mutating);
    await register({ matchConditions: [broken, no], failurePolicy: 'Fail' });
    expect((await create('one-is-false')).status).to.equal(201);
    await cluster.call('DELETE', CONFIGURATIONS.mutating);
    await register({ matchConditions: [yes, broken], failurePolicy: 'Ignore' });
    expect((await create('error-ignored')).status).to.equal(201);
    expect(seen).to.deep.equal([]);
  });

  it('patch a pod on creation, and their additions get defaults', async () => {
    await register();
    const container = { name: 'added', image: 'side:1', resources: { limits: { cpu: '1' } } };
    answer = (review) => respond(review, patch([{ op: 'add', path: '/spec/containers/-', value: container }]));
    const { body } = await create('patched');
    const { containers, volumes } = body['spec'] as { containers: { volumeMounts: object[] }[]; volumes: object[] };
    expect(containers[1]).to.include({ name: 'added', imagePullPolicy: 'IfNotPresent' });
    // Admission runs again for the added container and reuses the existing volume.
    expect(containers[1]!.volumeMounts).to.deep.equal(containers[0]!.volumeMounts).and.to.have.length(1);
    expect(volumes).to.have.length(1);
    expect(body['status']).to.include({ qosClass: 'Burstable' });
    expect(seen[0]?.request).to.deep.include({ name: 'patched', operation: 'CREATE', dryRun: false });
    expect(seen[0]?.request.userInfo.username).to.equal('admin');
  });

  it('run before the check for changes of immutable fields', async () => {
    await create('fixed');
    await register({ rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['pods'] }] });
    answer = (review) => respond(review, patch([{ op: 'remove', path: '/spec/hostNetwork' }]));
    const headers = { 'content-type': 'application/merge-patch+json' };
    const change = { headers, body: { spec: { hostNetwork: true } } };
    expect((await cluster.call('PATCH', `${PODS}/fixed`, change)).status).to.equal(200);
    answer = (review) => respond(review, { allowed: true });
    expect((await cluster.call('PATCH', `${PODS}/fixed`, change)).status).to.equal(422);
  });

  it('may use v1beta1', async () => {
    await register({ admissionReviewVersions: ['v1beta1'] });
    // Such a webhook may omit kind, UID and patch type.
    answer = () => ({
      response: { ...patch([{ op: 'add', path: '/metadata/labels/x', value: 'y' }]), patchType: undefined },
    });
    expect((await create('beta')).body.metadata.labels).to.include({ x: 'y' });
    expect(seen[0]?.apiVersion).to.equal('admission.k8s.io/v1beta1');
  });

  it('may return any successful status', async () => {
    await register();
    for (const [status, expected] of [
      [201, 201],
      [207, 500],
    ] as const) {
      code = status;
      expect((await create(`of-${status}`)).status).to.equal(expected);
    }
  });

  it('deny a request with their message', async () => {
    await register();
    answer = (review) => respond(review, { allowed: false, status: { code: 403, message: 'not today' } });
    const { status, body } = await create('denied');
    expect([status, body['message']]).to.deep.equal([
      403,
      'admission webhook "hook.example.com" denied the request: not today',
    ]);
  });

  it('receive dryRun', async () => {
    await register();
    await create('dry', '?dryRun=All');
    expect(seen[0]?.request.dryRun).to.equal(true);
  });

  for (const [title, settings] of [
    [
      'other operation',
      { rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['*'] }] },
    ],
    [
      'other resource',
      { rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['secrets'] }] },
    ],
    ['object selector', { objectSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }],
    ['namespace selector', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }],
  ] as const) {
    it(`are not called if they do not match: ${title}`, async () => {
      await register(settings);
      expect((await create(`unasked-${title.replaceAll(' ', '-')}`)).status).to.equal(201);
      expect(seen).to.deep.equal([]);
    });
  }

  for (const [title, reply] of [
    ['does not apply', patch([{ op: 'remove', path: '/x' }])],
    ['is not valid', { ...patch([]), patch: Buffer.from('{').toString('base64') }],
  ] as const) {
    it(`fail the write with a patch that ${title}, even with failurePolicy Ignore`, async () => {
      await register({ failurePolicy: 'Ignore' });
      answer = (review) => respond(review, reply);
      const before = await failedOpen();
      const { status, body } = await create('unpatched');
      expect([status, body['reason']]).to.deep.equal([500, 'InternalError']);
      expect(await failedOpen()).to.equal(before);
    });
  }

  const failures: readonly [title: string, settings: object, reply: (review: Review) => object, message: string][] = [
    [
      'is unreachable',
      { clientConfig: { url: 'https://127.0.0.1:1/mutate' } },
      () => ({}),
      'failed to call webhook: Post',
    ],
    ['is not trusted', {}, () => ({}), 'failed to call webhook'],
    ['returns no review', {}, () => ({}), 'webhook response was absent'],
    ['returns another uid', {}, (r) => respond(r, { allowed: true, uid: 'other' }), 'expected response.uid'],
    [
      'returns an unsupported patch type',
      {},
      (r) => respond(r, { ...patch([]), patchType: 'Merge' }),
      'unsupported patch type',
    ],
    [
      'returns a patch without a type',
      {},
      (r) => respond(r, { ...patch([]), patchType: null }),
      'but not response.patchType',
    ],
  ];
  for (const [title, settings, reply, message] of failures) {
    for (const failurePolicy of ['Fail', 'Ignore']) {
      it(`failurePolicy ${failurePolicy}: one that ${title}`, async () => {
        const { port } = webhook.address() as AddressInfo;
        const untrusted = title === 'is not trusted' ? { clientConfig: { url: `https://127.0.0.1:${port}/` } } : {};
        await register({ ...settings, ...untrusted, failurePolicy });
        answer = reply;
        const before = await failedOpen();
        const { status, body } = await create(`${failurePolicy.toLowerCase()}-${title.replaceAll(' ', '-')}`);
        if (failurePolicy === 'Ignore') {
          expect(status).to.equal(201);
          expect(await failedOpen()).to.equal(before + 1);
        } else {
          expect(await failedOpen()).to.equal(before);
          expect(status).to.equal(500);
          expect(body['message']).to.match(/^Internal error occurred: failed calling webhook "hook\.example\.com": /);
          expect(body['message']).to.contain(message);
        }
      });
    }
  }

  const withUpdates = (operations: readonly string[], resources: readonly string[] = ['pods']) => ({
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations, resources }],
  });

  it('that validate see the mutated object with its defaults, and deny creation, update and deletion', async () => {
    await register();
    await configure('validating', withUpdates(['*']), 'validator');
    const add = patch([{ op: 'add', path: '/metadata/labels/x', value: 'y' }]);
    let isDenied = false;
    answer = (review) => {
      if (review.path === '/hook') return respond(review, add);
      // The patch of a validating webhook has no effect.
      const verdict = isDenied
        ? { allowed: false, status: { message: 'no' } }
        : { ...patch([{ op: 'remove', path: '/spec' }]) };
      return respond(review, verdict);
    };
    expect((await create('kept')).status).to.equal(201);
    expect(seen.map(({ path }) => path)).to.deep.equal(['/hook', '/validator']);
    expect(seen[1]?.request.object).to.have.nested.property('metadata.labels.x', 'y');
    expect(seen[1]?.request.object?.spec.containers[0]).to.have.property('imagePullPolicy');
    isDenied = true;
    const message = 'admission webhook "validator.example.com" denied the request: no';
    const headers = { 'content-type': 'application/merge-patch+json' };
    for (const [what, answered] of [
      ['create', await create('refused')],
      ['update', await cluster.call('PATCH', `${PODS}/kept`, { headers, body: { metadata: { labels: { z: 'z' } } } })],
      ['delete', await cluster.call('DELETE', `${PODS}/kept`)],
    ] as const)
      expect([answered.status, answered.body['message']], what).to.deep.equal([400, message]);
    expect((await cluster.call('GET', `${PODS}/refused`)).status).to.equal(404);
    expect((await cluster.call('GET', `${PODS}/kept`)).body.metadata.labels).not.to.have.property('z');
  });

  it('that validate fail as their failurePolicy says, and cannot keep their own configuration', async () => {
    code = 500;
    await configure('validating', { failurePolicy: 'Fail' }, 'validator');
    expect((await create('failed')).status).to.equal(500);
    expect((await cluster.call('DELETE', `${CONFIGURATIONS.validating}/validator`)).status).to.equal(200);
    await configure('validating', { failurePolicy: 'Ignore' }, 'validator');
    expect((await create('ignored')).status).to.equal(201);
    const { text } = await cluster.call('GET', '/metrics');
    expect(text).to.match(/fail_open_count\{name="validator\.example\.com",type="validating"\} 1$/m);
  });

  for (const [reinvocationPolicy, paths] of [
    ['IfNeeded', ['/hook', '/late', '/hook']],
    ['Never', ['/hook', '/late']],
  ] as const)
    it(`with reinvocationPolicy ${reinvocationPolicy} are called ${paths.length - 1} times if a later one adds a container`, async () => {
      await register({ reinvocationPolicy });
      await configure('mutating', {}, 'late');
      answer = (review) => {
        const { containers = [] } = review.request.object?.spec ?? {};
        const side = { op: 'add', path: '/spec/containers/-', value: { name: 'side', image: 'side:1' } };
        const variables = containers.flatMap(({ env }, at) =>
          env ? [] : [{ op: 'add', path: `/spec/containers/${at}/env`, value: [{ name: 'X', value: 'y' }] }],
        );
        return respond(review, patch(review.path === '/late' ? [side] : variables));
      };
      const { body } = await create(`again-${reinvocationPolicy.toLowerCase()}`);
      expect(seen.map(({ path }) => path)).to.deep.equal(paths);
      const { containers } = body['spec'] as { containers: { name: string; env?: object[] }[] };
      const injected = containers.filter(({ env }) => env?.length === 1).map(({ name }) => name);
      expect(injected).to.have.length(reinvocationPolicy === 'IfNeeded' ? 2 : 1);
    });

  it('are not called again if nothing changed after them', async () => {
    await register({ reinvocationPolicy: 'IfNeeded' });
    await configure('mutating', { reinvocationPolicy: 'IfNeeded' }, 'late');
    await create('once');
    expect(seen.map(({ path }) => path)).to.deep.equal(['/hook', '/late']);
  });

  it('get token requests, and their warnings reach the client', async () => {
    await configure('validating', withUpdates(['CREATE'], ['serviceaccounts/token']), 'validator');
    const token = () => cluster.call('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { body: {} });
    answer = (review) => respond(review, { allowed: true, warnings: ['short tokens only'] });
    const { status, headers } = await token();
    expect([status, headers['warning']]).to.deep.equal([201, '299 - "short tokens only"']);
    expect(seen[0]?.request.kind.kind).to.equal('TokenRequest');
    answer = (review) => respond(review, { allowed: false });
    const refused = await token();
    expect(refused.status).to.equal(400);
    expect(refused.body['message']).to.match(/validator\.example\.com" denied the request without explanation/);
  });

  for (const [settings, problem] of [
    [
      { failurePolicy: 'Maybe' },
      /webhooks\[0\]\.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"/,
    ],
    [{ sideEffects: 'Some' }, /sideEffects: Unsupported value: "Some"/],
    [{ timeoutSeconds: 0 }, /timeoutSeconds: Invalid value: 0: the timeout value must be between 1 and 30 seconds/],
    [{ timeoutSeconds: 31 }, /between 1 and 30 seconds/],
    [
      { clientConfig: { url: 'http://127.0.0.1/' } },
      /clientConfig\.url: Invalid value: .*'https' is the only allowed URL scheme/,
    ],
    [{ clientConfig: {} }, /clientConfig: Invalid value: .*exactly one of url or service is required/],
    [{ name: 'hook' }, /name: Invalid value: "hook": should be a domain with at least three segments/],
    [withUpdates(['FOO']), /operations\[0\]: Unsupported value: "FOO"/],
    [withUpdates(['*', 'CREATE']), /operations: Invalid value: .*if '\*' is present/],
    [{ admissionReviewVersions: ['v2'] }, /must include at least one of v1, v1beta1/],
    [{ reinvocationPolicy: 'Always' }, /reinvocationPolicy: Unsupported value: "Always"/],
    [
      { matchConditions: [{ name: 'a', expression: 'object.spec.' }] },
      /matchConditions\[0\]\.expression: Invalid value: .*compilation failed/,
    ],
    [{ matchConditions: [{ name: 'a', expression: 'object.spec.hostNetwork' }] }, /must evaluate to bool/],
    [{ matchConditions: [{ name: 'a', expression: '1 + 1' }] }, /must evaluate to bool/],
    [
      { matchConditions: [{ name: 'a', expression: 'foo == 1' }] },
      /undeclared reference to 'foo'; this cluster supports/,
    ],
    [
      { matchConditions: [{ name: 'a', expression: "authorizer.group('').resource('pods').check('get').allowed()" }] },
      /undeclared reference to 'authorizer'/,
    ],
    [
      { matchConditions: [{ name: 'a', expression: "quantity('1') == quantity('1')" }] },
      /undeclared reference to 'quantity'/,
    ],
    [{ matchConditions: [{ name: 'a', expression: "url('x').getHost() == 'a'" }] }, /undeclared reference to 'url'/],
    [{ matchConditions: [{ name: 'a', expression: "ip('::1').family() == 6" }] }, /undeclared reference to 'ip'/],
    [
      { matchConditions: [{ name: 'a', expression: "cidr('::/0').containsIP('::1')" }] },
      /undeclared reference to 'cidr'/,
    ],
    [
      { matchConditions: [{ name: 'a', expression: "format.dns1123Label().validate('a').hasValue()" }] },
      /undeclared reference to 'format'/,
    ],
    [{ matchConditions: [{ name: 'a', expression: 'sets.contains([1], [1])' }] }, /undeclared reference to 'sets'/],
    [{ matchConditions: [{ name: 'a', expression: '[1, 2].sum() == 3' }] }, /undeclared reference to 'sum'/],
    [
      { matchConditions: [{ name: 'a', expression: 'object.spec.containers.all(c, c.x == y)' }] },
      /undeclared reference to 'y'/,
    ],
    [{ matchConditions: [{ name: 'a', expression: '' }] }, /expression: Required value/],
    [
      {
        matchConditions: ['true', 'false'].map((expression) => ({ name: 'a', expression })),
      },
      /matchConditions\[1\]\.name: .*Duplicate value/,
    ],
  ] as const)
    it(`are refused with ${JSON.stringify(settings)}`, async () => {
      const { status, body } = await configure('mutating', settings);
      expect(status).to.equal(422);
      expect(body['message']).to.match(problem);
    });

  it('of one configuration have different names', async () => {
    const one = {
      name: 'a.example.com',
      clientConfig: { url: 'https://127.0.0.1/' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    };
    const body = { metadata: { name: 'twice' }, webhooks: [one, one] };
    const { status, body: answered } = await cluster.call('POST', CONFIGURATIONS.validating, { body });
    expect([status, answered['message']].join(' ')).to.match(/^422 .*webhooks\[1\]\.name: .*Duplicate value/);
  });
});
