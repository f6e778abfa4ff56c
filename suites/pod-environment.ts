/** What a pod's specification makes of its environment and arguments, which tell SDKs where credentials are, and when its tokens change. */
import { expect } from 'chai';
import { advanceClock, check, granted, readFile, suite, type CheckContext } from '../harness/index.ts';
import { askerOf, NAMESPACE } from './lib/namespace-requests.ts';
import { API_ACCESS, asker, logOf, MESSAGE, messageOf, podOf, tells, type State } from './lib/programs.ts';

const SETTINGS = 'conformance-settings';

/** Tells what it was given: its arguments, and those of its variables that are of the table. */
const TELL = `
const read = (name) => require('fs').existsSync('/opt/pod/' + name) && require('fs').readFileSync('/opt/pod/' + name, 'utf8');
const own = Object.entries(process.env).filter(([name]) => /^(V_|KUBERNETES_SERVICE_)/.test(name));
require('fs').writeFileSync('${MESSAGE}', JSON.stringify({
  args: process.argv.slice(1), env: Object.fromEntries(own), files: ['labels', 'annotations'].map(read),
}));`;

const of = (key: string, more: object = {}) => ({
  valueFrom: { configMapKeyRef: { name: SETTINGS, key, ...more } },
});
const ofSecret = (key: string, more: object = {}) => ({
  valueFrom: { secretKeyRef: { name: SETTINGS, key, ...more } },
});
const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
const OPTIONAL = { optional: true };

/** Name, what the specification says of it, and its value; without one, there is no such variable. */
const TABLE: readonly (readonly [name: string, said: object, value?: string])[] = [
  ['V_PLAIN', { value: 'plain' }, 'plain'],
  ['V_NONE', {}, ''],
  ['V_REFERS', { value: 'to $(V_PLAIN), $(V_PLAIN)' }, 'to plain, plain'],
  ['V_CHAIN', { value: '<$(V_REFERS)>' }, '<to plain, plain>'],
  // To what is not there, not there yet, or none of the specification's.
  [
    'V_UNKNOWN',
    { value: '$(V_MISSING) $(date) $(V_LATER) $(HOSTNAME) $()' },
    '$(V_MISSING) $(date) $(V_LATER) $(HOSTNAME) $()',
  ],
  ['V_LATER', { value: 'later' }, 'later'],
  ['V_ESCAPED', { value: '$$(V_PLAIN) $$$(V_PLAIN) $$ $V_PLAIN' }, '$(V_PLAIN) $plain $ $V_PLAIN'],
  ['V_NESTED', { value: '$(V_$(V_PLAIN)) $(V_PLAIN' }, '$(V_$(V_PLAIN)) $(V_PLAIN'],
  ['V_TWICE', { value: 'first' }, 'second $(V_PLAIN)'],
  ['V_TWICE', { value: 'second $$(V_PLAIN)' }, 'second $(V_PLAIN)'],
  ['V_AS_IT_IS', of('reference'), '$(V_PLAIN)'],
  ['V_OF_IT', { value: '$(V_AS_IT_IS) $(V_AGAIN)' }, '$(V_PLAIN) later source'],
  ['V_MAP', of('V_SHARED'), 'of map'],
  ['V_SECRET', ofSecret('V_SHARED'), 'of secret'],
  ['V_EMPTY', of('empty'), ''],
  ['V_NO_KEY', of('none', OPTIONAL)],
  ['V_NO_KEY_OF_SECRET', ofSecret('none', OPTIONAL)],
  ['V_NO_MAP', { valueFrom: { configMapKeyRef: { name: 'conformance-none', key: 'any', optional: true } } }],
  ['V_NO_SECRET', { valueFrom: { secretKeyRef: { name: 'conformance-none', key: 'any', optional: true } } }],
  // What a source of the whole gave stays, unless there is another value.
  ['V_SHARED', of('none', OPTIONAL), 'of secret'],
  ['V_OVER', { value: 'own' }, 'own'],
  ['V_TAKEN', of('V_ONLY'), 'map'],
  ['V_TAKEN_BY_SECRET', ofSecret('V_SHARED'), 'of secret'],
  ['V_POD', field('metadata.name'), 'tells'],
  ['V_NAMESPACE', field('metadata.namespace'), '<namespace:app>'],
  ['V_ACCOUNT', field('spec.serviceAccountName'), 'app'],
  ['V_LABEL', field("metadata.labels['team']"), 'payments'],
  ['V_NOTE', field("metadata.annotations['example.com/note']"), 'a "note"'],
  ['V_NO_LABEL', field("metadata.labels['none']"), ''],
  ['KUBERNETES_SERVICE_PORT_HTTPS', { value: 'own' }, 'own'],
];
/** From the sources of the whole, in their order. */
const FROM = { V_AGAIN: 'later source', V_PRE_V_SHARED: 'of secret', V_ONLY: 'map' };

const ARGUMENTS = {
  '--name=$(V_PLAIN)': '--name=plain',
  '$(V_TWICE)': 'second $(V_PLAIN)',
  '$(V_SHARED)/$(V_ONLY)': 'of secret/map',
  '$(date)': '$(date)',
  '$$(V_PLAIN)': '$(V_PLAIN)',
  '$(V_NO_KEY)': '$(V_NO_KEY)',
  '$(HOSTNAME)': '$(HOSTNAME)',
};

suite('rbac', ({ scenario }) => {
  scenario('RB-35', 'a container has the variables and arguments that its specification says, and no others', {
    source:
      'Kubernetes documentation, "Define Dependent Environment Variables"; "Define a Command and Arguments for a Container"; API Reference, EnvVar, EnvFromSource, ConfigMapKeySelector and SecretKeySelector',
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('it tells what it was given', async (context) => {
        const { name } = context;
        const ask = asker(context);
        const data = {
          V_SHARED: 'of map',
          V_AGAIN: 'first source',
          V_OVER: 'of map',
          V_ONLY: 'map',
          empty: '',
          V_TAKEN: 'of map',
          V_TAKEN_BY_SECRET: 'of map',
        };
        const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: SETTINGS } };
        await ask('POST', 'configmaps', { ...map, data: { ...data, reference: '$(V_PLAIN)' } });
        const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: SETTINGS } };
        await ask('POST', 'secrets', { ...secret, stringData: { V_SHARED: 'of secret', V_AGAIN: 'later source' } });
        const none = { name: 'conformance-none', ...OPTIONAL };
        const envFrom = [
          ...[{ configMapRef: { name: SETTINGS } }, { secretRef: { name: SETTINGS } }],
          ...[{ configMapRef: none }, { secretRef: none }, { prefix: 'V_PRE_', secretRef: { name: SETTINGS } }],
        ];
        const env = [
          ...TABLE.map(([name, said]) => ({ name, ...said })),
          { name: 'V_UID', ...field('metadata.uid') },
          { name: 'V_NODE', ...field('spec.nodeName') },
          { name: 'V_IP', ...field('status.podIP') },
          { name: 'V_HOST', ...field('status.hostIP') },
        ];
        const metadata = {
          labels: { team: 'payments', app: 'tells' },
          annotations: { 'example.com/note': 'a "note"', team: 'other' },
        };
        const items = ['labels', 'annotations'].map((path) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } }));
        const files = {
          volumes: [{ name: 'pod', downwardAPI: { items } }],
          volumeMounts: [{ name: 'pod', mountPath: '/opt/pod' }],
        };
        const [first = '', ...args] = Object.keys(ARGUMENTS);
        await ask(
          'POST',
          'pods',
          await podOf(context, 'tells', TELL, { ...files, command: [first], env, envFrom, args, metadata }),
        );
        // The containers of another wait for what they must have.
        const late = { name: 'conformance-late' };
        const others = [
          { env: [{ name: 'V_LATE', ...ofSecret('late') }] },
          { env: [{ name: 'V_LATE', valueFrom: { configMapKeyRef: { ...late, key: 'late' } } }] },
          { env: [{ name: 'V_LATE', valueFrom: { secretKeyRef: { ...late, key: 'late', optional: false } } }] },
          { envFrom: [{ configMapRef: late }] },
          { envFrom: [{ secretRef: late }] },
        ];
        const containers = others.map((said, i) => ({ name: `other-${i}`, program: 'process.exit(0)', ...said }));
        const waiting = { env: [{ name: 'V_LATE', ...of('late') }], containers };
        await ask('POST', 'pods', await podOf(context, 'waits', TELL, waiting));
        // What a variable may tell of its pod, other than of labels and annotations, is one of a few.
        for (const [path, status] of [
          ["metadata.labels['team']", 201],
          ['metadata.labels', 422],
          ['metadata.annotations', 422],
          ['spec.restartPolicy', 422],
        ] as const) {
          const env = [{ name: 'V_FIELD', ...field(path) }];
          const body = await podOf(context, 'conformance-field', TELL, { env });
          const made = await context.kubernetes({ method: 'POST', path: name(`${NAMESPACE}/pods?dryRun=All`), body });
          expect(made.status, `a variable of ${path}`).to.equal(status);
        }
        const told = JSON.parse(await messageOf(context, 'tells')) as Told;
        const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, ...own } = told.env;
        const expected = TABLE.flatMap(([variable, , value]) => (value === undefined ? [] : [[variable, name(value)]]));
        expect(own).to.include({ ...FROM, ...Object.fromEntries(expected) });
        for (const [variable, , value] of TABLE) if (value === undefined) expect(own).not.to.have.property(variable);
        const { metadata: made, spec, status } = await ask('GET', 'pods/tells');
        expect(own).to.include({ V_UID: made.uid, V_NODE: spec.nodeName, V_IP: status.podIP, V_HOST: status.hostIP });
        expect([host, port]).not.to.include(undefined);
        expect(told.args).to.deep.equal(Object.values(ARGUMENTS));
        const [labels, annotations] = told.files;
        expect(labels).to.equal('app="tells"\nteam="payments"');
        // Others may have annotated it too.
        expect(annotations?.split('\n')).to.include.members(['example.com/note="a \\"note\\""', 'team="other"']);

        const reasonOf = ({ waiting, running, terminated }: State): string =>
          waiting?.reason ?? ((running ?? terminated) === undefined ? '' : 'started');
        const reasons = async () =>
          (await ask('GET', 'pods/waits')).status.containerStatuses?.map(({ state }) => reasonOf(state ?? {})) ?? [];
        const isKnown = (seen: readonly string[]) =>
          seen.length === 6 && seen.every((reason) => /^(CreateContainerConfigError|started)$/.test(reason));
        const kept = await context.eventually(reasons, isKnown);
        if (!isKnown(kept)) throw new Error(`Whether pod waits can start was not known in time (${kept.join()}).`);
        expect(kept, 'why its containers do not start').not.to.include('started');
        await ask('PUT', `configmaps/${SETTINGS}`, { ...map, data: { late: 'there' } });
        await ask('PUT', `secrets/${SETTINGS}`, { ...secret, stringData: { late: 'there' } });
        await ask('POST', 'configmaps', { ...map, metadata: late, data: { late: 'there' } });
        await ask('POST', 'secrets', { ...secret, metadata: late, stringData: { late: 'there' } });
        expect(JSON.parse(await messageOf(context, 'waits'))).to.deep.nested.include({ 'env.V_LATE': 'there' });
      }),
    ],
  });

  scenario('RB-36', "a pod's tokens are renewed each in its own time, also where nothing else changes", {
    source:
      'Kubernetes documentation, "Configure Service Accounts for Pods": a kubelet asks for a new token when the old one is older than 80 % of its time or than 24 hours',
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a pod reads its tokens', async (context) => {
        const tokens = { short: 600, medium: 700, long: 172_800 };
        const sources = Object.entries(tokens).map(([path, expirationSeconds]) => ({
          serviceAccountToken: { path, audience: 'vault.example.com', expirationSeconds },
        }));
        const volumes = [{ name: 'tokens', projected: { sources } }];
        const volumeMounts = [{ name: 'tokens', mountPath: TOKENS }];
        const ask = asker(context);
        for (const [pod, program, init] of [
          ['reads', WATCH, []],
          ['initializes', 'process.exit(0)', [{ name: 'init', program: WATCH }]],
        ] as const)
          await ask(
            'POST',
            'pods',
            await podOf(context, pod, program, { volumes, volumeMounts, initContainers: init }),
          );
        for (const [pod, container] of [['reads'], ['initializes', 'init']] as const)
          if (!(await tells(context, pod, /started/, container)))
            throw new Error(`Pod ${pod} had not started in time.`);
      }),
      advanceClock(490),
      check('the one of ten minutes is renewed', async (context) => {
        expect(await tells(context, 'reads', ...renewed(/short/))).to.equal(true);
        expect(await tells(context, 'initializes', ...renewed(/short/, 'init')), 'while init containers run').to.equal(
          true,
        );
        expect(await logOf(context, 'reads')).not.to.match(/api|medium|long/);
      }),
      advanceClock(2500),
      check('the one for the API, which asks for an hour, is renewed', async (context) => {
        expect(await tells(context, 'reads', ...renewed(/api/))).to.equal(true);
        expect(await logOf(context, 'reads')).not.to.contain('long');
      }),
      advanceClock(67_000),
      check(
        'the one of two days is renewed after one at the latest, and before what it was given is over',
        async (context) => {
          // Such a cluster gives a day at most ("kube-apiserver", --service-account-max-token-expiration): 80 % of that have passed.
          expect(await tokenRequest(context, { expirationSeconds: 172_800 })).to.include({ expirationSeconds: 86_400 });
          expect(await tells(context, 'reads', ...renewed(/long/))).to.equal(true);
        },
      ),
    ],
  });

  scenario('RB-39', "a pod's token that is for no audience is for the API server, and for an hour", {
    source: 'Kubernetes API Reference, ServiceAccountTokenProjection and TokenRequest: audience and expirationSeconds',
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('it is as one that is asked for', async (context) => {
        const sources = [
          { serviceAccountToken: { path: 'short' } },
          { serviceAccountToken: { path: 'long', audience: '' } },
          { serviceAccountToken: { path: 'deep/er/other', audience: 'vault.example.com' } },
        ];
        const volumes = [{ name: 'tokens', projected: { sources } }];
        const volumeMounts = [{ name: 'tokens', mountPath: TOKENS }];
        await asker(context)('POST', 'pods', await podOf(context, 'claims', CLAIMS, { volumes, volumeMounts }));
        const { audiences } = await tokenRequest(context, {});
        const [unset, empty, other, api] = JSON.parse(await messageOf(context, 'claims')) as (readonly unknown[])[];
        expect([unset, empty]).to.deep.equal([
          [audiences, 3600],
          [audiences, 3600],
        ]);
        expect(other).to.deep.equal([['vault.example.com'], 3600]);
        // That one lives longer, by what a cluster allows.
        expect(api?.[0]).to.deep.equal(audiences);
      }),
    ],
  });
});

suite('security', ({ scenario }) => {
  scenario('SEC-20', 'instance metadata tells nothing to who has no session with it', {
    source: 'Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata": IMDSv2, errors',
    needs: ['imds', 'own-cluster'],
    workloads: { app: { imds: 'reachable' } },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a pod asks it', async (context) => {
        await asker(context)('POST', 'pods', await podOf(context, 'asks', ASK_METADATA));
        const { role, ...told } = JSON.parse(await messageOf(context, 'asks')) as Readonly<Record<string, unknown>>;
        expect(told).to.deep.equal({
          ...{ none: 401, noneOfRole: 401, wrong: 401, noTime: 400, longTime: 400, session: 200, path: 404 },
          ...{ instance: 200, credentials: true },
        });
        expect(role).to.match(/^[\w+=,.@-]+$/);
      }),
    ],
  });
});

const ASK_METADATA = `
const ask = async (path, method = 'GET', headers = {}) => {
  const answer = await fetch('http://169.254.169.254/latest/' + path, { method, headers });
  return { status: answer.status, text: await answer.text() };
};
const open = (ttl) => ask('api/token', 'PUT', ttl ? { 'x-aws-ec2-metadata-token-ttl-seconds': ttl } : {});
const ROLES = 'meta-data/iam/security-credentials/';
(async () => {
  const { status: session, text } = await open('60');
  const get = (path, token = text) => ask(path, 'GET', { 'x-aws-ec2-metadata-token': token });
  const role = (await get(ROLES)).text;
  const { Code, AccessKeyId, Token } = JSON.parse((await get(ROLES + role)).text);
  require('fs').writeFileSync('${MESSAGE}', JSON.stringify({
    none: (await ask('meta-data/instance-id')).status, noneOfRole: (await ask(ROLES + role)).status,
    wrong: (await get('meta-data/instance-id', 'none')).status, noTime: (await open()).status,
    longTime: (await open('21601')).status, session, path: (await get('meta-data/none')).status, role,
    instance: (await get('meta-data/instance-id')).status,
    credentials: Code === 'Success' && AccessKeyId.startsWith('ASIA') && Token !== '',
  }));
})();`;

const TOKENS = '/opt/tokens';
/** Kubelets look every second. Twelve are few enough for each of the scenario's checks to fail within its time. */
const renewed = (what: RegExp, container?: string) => [what, container, 12] as const;
/** Tells which of its tokens are others than before. */
const WATCH = `
const files = {
  ...{ short: '${TOKENS}/short', medium: '${TOKENS}/medium', long: '${TOKENS}/long', api: '${API_ACCESS}/token' },
};
const read = (name) => require('fs').readFileSync(files[name], 'utf8');
const known = Object.fromEntries(Object.keys(files).map((name) => [name, read(name)]));
console.log('started');
setInterval(() => {
  for (const name in known) if (known[name] !== read(name)) console.log(name, (known[name] = read(name)).length);
}, 100);`;

/** Tells the audiences of its tokens, and how long they live. */
const CLAIMS = `
const claims = ['${TOKENS}/short', '${TOKENS}/long', '${TOKENS}/deep/er/other', '${API_ACCESS}/token'].map(
  (file) => JSON.parse(Buffer.from(require('fs').readFileSync(file, 'utf8').split('.')[1], 'base64url')));
require('fs').writeFileSync('${MESSAGE}', JSON.stringify(claims.map(({ aud, exp, iat }) => [aud, exp - iat])));`;

interface Told {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

/** What a token was made for by a request. */
async function tokenRequest(context: CheckContext, spec: object) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const made = await askerOf<{
    readonly spec: { readonly audiences: readonly string[]; readonly expirationSeconds: number };
  }>(context)('POST', 'serviceaccounts/app/token', body);
  return made.spec;
}
