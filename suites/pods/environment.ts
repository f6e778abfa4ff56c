/** Environment and arguments of containers. */
import { expect } from 'chai';
import { check, granted, readFile, suite } from '../../harness/index.ts';
import { NAMESPACE } from '../lib/namespace-requests.ts';
import { asker, MESSAGE, messageOf, podOf, type State } from '../lib/programs.ts';

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

suite('pods', ({ scenario }) => {
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
});

interface Told {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}
