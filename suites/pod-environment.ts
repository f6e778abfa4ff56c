/** What a pod's specification makes of its environment and arguments, which tell SDKs where credentials are, and when its tokens change. */
import { expect } from 'chai';
import { advanceClock, check, granted, readFile, suite, type CheckContext } from '../harness/index.ts';
import { askerOf, NAMESPACE } from './lib/namespace-requests.ts';

const SETTINGS = 'conformance-settings';
const MESSAGE = '/dev/termination-log';

/** Tells what it was given: its arguments, and those of its variables that are of the table. */
const TELL = `
const own = Object.entries(process.env).filter(([name]) => /^(V_|KUBERNETES_SERVICE_)/.test(name));
require('fs').writeFileSync('${MESSAGE}', JSON.stringify({ args: process.argv.slice(1), env: Object.fromEntries(own) }));`;

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
        const { kubernetes, name, eventually } = context;
        const ask = asker(context);
        const data = { V_SHARED: 'of map', V_AGAIN: 'first source', V_OVER: 'of map', V_ONLY: 'map', empty: '' };
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
        ];
        const metadata = { labels: { team: 'payments' }, annotations: { 'example.com/note': 'a "note"' } };
        const args = Object.keys(ARGUMENTS);
        await ask('POST', 'pods', await podOf(context, 'tells', TELL, { env, envFrom, args, metadata }));
        // Another waits for a key that it must have.
        const waiting = { env: [{ name: 'V_LATE', ...of('late') }] };
        await ask('POST', 'pods', await podOf(context, 'waits', TELL, waiting));
        const told = JSON.parse(await messageOf(context, 'tells')) as Told;
        const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, ...own } = told.env;
        const expected = TABLE.flatMap(([variable, , value]) => (value === undefined ? [] : [[variable, name(value)]]));
        expect(own).to.include({ ...FROM, ...Object.fromEntries(expected) });
        for (const [variable, , value] of TABLE) if (value === undefined) expect(own).not.to.have.property(variable);
        const { metadata: made, spec } = await ask('GET', 'pods/tells');
        expect(own).to.include({ V_UID: made.uid, V_NODE: spec.nodeName });
        expect([host, port]).not.to.include(undefined);
        expect(told.args).to.deep.equal(Object.values(ARGUMENTS));

        const reason = async () =>
          (JSON.parse((await kubernetes({ path: `${name(NAMESPACE)}/pods/waits` })).body) as Pod).status
            .containerStatuses?.[0]?.state?.waiting?.reason;
        expect(await eventually(reason, (seen) => seen === 'CreateContainerConfigError')).to.equal(
          'CreateContainerConfigError',
        );
        await ask('PUT', `configmaps/${SETTINGS}`, { ...map, data: { late: 'there' } });
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
            throw new Error(`Pod ${pod} had not started after 30 s.`);
      }),
      advanceClock(490),
      check('the one of ten minutes is renewed', async (context) => {
        expect(await tells(context, 'reads', /short/)).to.equal(true);
        expect(await tells(context, 'initializes', /short/, 'init'), 'while init containers run').to.equal(true);
        expect(await logOf(context, 'reads')).not.to.match(/api|medium|long/);
      }),
      advanceClock(2500),
      check('the one for the API, which asks for an hour, is renewed', async (context) => {
        expect(await tells(context, 'reads', /api/)).to.equal(true);
        expect(await logOf(context, 'reads')).not.to.contain('long');
      }),
      advanceClock(67_000),
      check(
        'the one of two days is renewed after one at the latest, and before what it was given is over',
        async (context) => {
          // Such a cluster gives a day at most ("kube-apiserver", --service-account-max-token-expiration): 80 % of that have passed.
          expect(await tokenRequest(context, { expirationSeconds: 172_800 })).to.include({ expirationSeconds: 86_400 });
          expect(await tells(context, 'reads', /long/)).to.equal(true);
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

suite('rbac', ({ scenario }) => {
  scenario('RB-42', 'a pod ends as its containers do, and they keep its token and sidecars until they have ended', {
    source:
      'Kubernetes documentation, "Pod Lifecycle": phase, restart policy, termination of Pods; "Init Containers"; "Sidecar Containers": Pods with sidecar containers; "Assigning Pods to Nodes", nodeSelector',
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('pods end', async (context) => {
        const ask = asker(context);
        const mounted = {
          volumes: [{ name: 'state', emptyDir: {} }],
          volumeMounts: [{ name: 'state', mountPath: STATE }],
        };
        const sidecar = { name: 'sidecar', restartPolicy: 'Always', program: SIDECAR };
        const pods: Readonly<Record<string, readonly [string, Settings]>> = {
          done: ['process.exit(0)', { initContainers: [sidecar] }],
          failed: ['process.exit(3)', { initContainers: [sidecar] }],
          retried: [RETRIED, { ...mounted, spec: { restartPolicy: 'OnFailure' } }],
          uninitialized: ['process.exit(0)', { initContainers: [{ name: 'init', program: 'process.exit(4)' }] }],
          nowhere: ['process.exit(0)', { spec: { nodeSelector: { 'example.com/none': 'none' } } }],
          // It is told below that it has longer.
          leaving: [LEAVING, { ...mounted, initContainers: [sidecar], spec: { terminationGracePeriodSeconds: 1 } }],
        };
        for (const [pod, [program, settings]] of Object.entries(pods))
          await ask('POST', 'pods', await podOf(context, pod, program, settings));
        if (!(await tells(context, 'leaving', /started/))) throw new Error('Pod leaving had not started.');
        const path = context.name(`${NAMESPACE}/pods/leaving`);
        const log = context.kubernetes({ path: `${path}/log?container=app&follow=true` });
        await ask('DELETE', 'pods/leaving?gracePeriodSeconds=60');

        for (const [pod, phase, restartCount] of [
          ['done', 'Succeeded', 0],
          ['failed', 'Failed', 0],
          ['retried', 'Succeeded', 1],
          ['uninitialized', 'Failed', 0],
        ] as const) {
          const look = async () => (await ask('GET', `pods/${pod}`)).status;
          const status = await context.eventually(look, (seen) => /Succeeded|Failed/.test(seen.phase ?? ''));
          if (!/Succeeded|Failed/.test(status.phase ?? '')) throw new Error(`Pod ${pod} had not ended after 30 s.`);
          expect(status, pod).to.include({ phase });
          expect(status.containerStatuses?.[0], pod).to.include({ restartCount });
        }
        const { status: uninitialized } = await ask('GET', 'pods/uninitialized');
        expect(uninitialized.containerStatuses?.[0]?.state).not.to.have.property('terminated');
        const scheduled = async () =>
          (await ask('GET', 'pods/nowhere')).status.conditions?.find(({ type }) => type === 'PodScheduled');
        const condition = await context.eventually(scheduled, (seen) => seen !== undefined);
        if (condition === undefined) throw new Error('Whether pod nowhere fits a node was not known after 30 s.');
        expect(condition).to.include({ status: 'False', reason: 'Unschedulable' });
        const left = /^\{.*\}$/m.exec((await log).body)?.[0] ?? 'null';
        expect(JSON.parse(left), 'what pod leaving told at last').to.deep.equal({ token: true, sidecar: true });
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

const STATE = '/opt/state';
const RETRIED = `
const fs = require('fs');
const again = fs.existsSync('${STATE}/ran');
fs.writeFileSync('${STATE}/ran', '');
process.exit(again ? 0 : 1);`;

/** Notes that it runs, and when it is told to end. */
const SIDECAR = `
const fs = require('fs');
const note = (name) => fs.existsSync('${STATE}') && fs.writeFileSync('${STATE}/' + name, '');
process.on('SIGTERM', () => { note('told'); process.exit(0); });
note('runs');
setInterval(() => {}, 1000);`;

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
const API = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Tells which of its tokens are others than before. */
const WATCH = `
const files = {
  ...{ short: '${TOKENS}/short', medium: '${TOKENS}/medium', long: '${TOKENS}/long', api: '${API}/token' },
};
const read = (name) => require('fs').readFileSync(files[name], 'utf8');
const known = Object.fromEntries(Object.keys(files).map((name) => [name, read(name)]));
console.log('started');
setInterval(() => {
  for (const name in known) if (known[name] !== read(name)) console.log(name, (known[name] = read(name)).length);
}, 100);`;

/** Tells, once it is to end, whether its token and its sidecar are still there. */
const LEAVING = `
const fs = require('fs');
const tell = () => {
  const token = fs.existsSync('${API}/token') && fs.readFileSync('${API}/token').length > 0;
  console.log(JSON.stringify({ token, sidecar: !fs.existsSync('${STATE}/told') }));
  process.exit(0);
};
process.on('SIGTERM', () => setTimeout(tell, 2000));
const waiting = setInterval(() => {
  if (!fs.existsSync('${STATE}/runs')) return;
  clearInterval(waiting);
  console.log('started');
  setInterval(() => {}, 1000);
}, 50);`;

/** Tells the audiences of its tokens, and how long they live. */
const CLAIMS = `
const claims = ['${TOKENS}/short', '${TOKENS}/long', '${TOKENS}/deep/er/other', '${API}/token'].map(
  (file) => JSON.parse(Buffer.from(require('fs').readFileSync(file, 'utf8').split('.')[1], 'base64url')));
require('fs').writeFileSync('${MESSAGE}', JSON.stringify(claims.map(({ aud, exp, iat }) => [aud, exp - iat])));`;

interface Told {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface State {
  readonly waiting?: { readonly reason?: string };
  readonly terminated?: { readonly exitCode: number; readonly message?: string };
}

interface Pod {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly nodeName: string; readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string }[];
    readonly containerStatuses?: readonly { readonly state?: State }[];
  };
}

const asker = askerOf<Pod>;

interface Settings {
  readonly metadata?: object;
  readonly volumes?: readonly object[];
  readonly args?: readonly string[];
  readonly initContainers?: readonly {
    readonly name: string;
    readonly program: string;
    readonly restartPolicy?: string;
  }[];
  /** Of the pod. */
  readonly spec?: object;
  /** Of its container. */
  readonly [setting: string]: unknown;
}

/** A pod with the image of the workload's, whose Node runs a program of its own, once unless the specification says otherwise. */
async function podOf(
  context: CheckContext,
  name: string,
  program: string,
  { metadata = {}, volumes = [], args = [], initContainers = [], spec = {}, ...more }: Settings = {},
): Promise<object> {
  const { spec: sane } = await asker(context)('GET', `pods/${context.name('<pod:app>')}`);
  const { image } = sane.containers[0] ?? {};
  const run = (code: string) => ({ image, imagePullPolicy: 'IfNotPresent', command: ['node', '-e', code, '--'] });
  const { volumeMounts = [] } = more;
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata } },
    spec: {
      ...{ serviceAccountName: 'app', restartPolicy: 'Never', terminationGracePeriodSeconds: 1, volumes },
      initContainers: initContainers.map(({ program: code, ...own }) => ({ ...own, ...run(code), volumeMounts })),
      containers: [{ name: 'app', ...run(program), args, ...more }],
      ...spec,
    },
  };
}

/** What a token was made for by a request. */
async function tokenRequest(context: CheckContext, spec: object) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const made = await askerOf<{
    readonly spec: { readonly audiences: readonly string[]; readonly expirationSeconds: number };
  }>(context)('POST', 'serviceaccounts/app/token', body);
  return made.spec;
}

/** What a pod's program left when it ended. */
async function messageOf(context: CheckContext, pod: string): Promise<string> {
  const look = async () => (await asker(context)('GET', `pods/${pod}`)).status.containerStatuses?.[0]?.state;
  const state = await context.eventually(look, (seen) => seen?.terminated !== undefined);
  if (state?.terminated === undefined)
    throw new Error(`Pod ${pod} had not ended after 30 s (${state?.waiting?.reason ?? 'no reason given'}).`);
  expect(state.terminated.exitCode, `the exit code of pod ${pod}`).to.equal(0);
  return state.terminated.message ?? '';
}

const logOf = async ({ kubernetes, name }: CheckContext, pod: string, container = 'app'): Promise<string> =>
  (await kubernetes({ path: `${name(NAMESPACE)}/pods/${pod}/log?container=${container}` })).body;

const tells = async (context: CheckContext, pod: string, what: RegExp, container?: string): Promise<boolean> =>
  what.test(
    await context.eventually(
      () => logOf(context, pod, container),
      (log) => what.test(log),
    ),
  );
