/** Writes of objects: updates, patches and conflicts. */
import { expect } from 'chai';
import { check, suite } from '../../harness/index.ts';
import { asker, map, MAPS, MERGE, NAMESPACE, PODS } from './lib/requests.ts';

const SECRETS = `${NAMESPACE}/secrets`;
const CONVENTIONS = 'Kubernetes documentation, "Kubernetes API Concepts"';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const APPLY = 'application/apply-patch+yaml';

suite('objects', ({ scenario }) => {
  // What a run may do in clusters of others does not include all this.
  scenario('RB-40', 'a write changes what it says, if the object is still the one that it means', {
    source: `${CONVENTIONS}, dry-run, patches, resource versions, server-side apply; API Reference, DeleteOptions, Secret and ConfigMap`,
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('config maps are written, patched and deleted', async (context) => {
        const ask = asker(context);
        const metadata = { labels: { team: 'x', tier: 'one' }, annotations: { note: 'old', other: 'kept' } };
        const { metadata: first } = await ask('POST', MAPS, map('a', metadata, { data: { k: 'v' } }));
        const [uid, resourceVersion] = [first?.uid, first?.resourceVersion];
        for (const [what, method, path, body, status, type] of [
          ['another of its name', 'POST', MAPS, map('a'), 409],
          ['one of another kind', 'POST', MAPS, { ...map('b'), kind: 'Secret' }, 400],
          ['one of another namespace', 'POST', MAPS, map('b', { namespace: 'default' }), 400],
          ['one of a name that is none', 'POST', MAPS, map('A_1'), 422],
          ['a label that is none', 'POST', MAPS, map('b', { labels: { team: 'x y' } }), 422],
          ['one of no namespace', 'POST', '/api/v1/namespaces/conformance-none/configmaps', map('b'), 404],
          ['one in dry run', 'POST', `${MAPS}?dryRun=All`, map('b'), 201],
          ['what was written in dry run', 'GET', `${MAPS}/b`, undefined, 404],
          ['an update of none', 'PUT', `${MAPS}/b`, map('b'), 404],
          ['an update of another name', 'PUT', `${MAPS}/a`, map('b'), 400],
          ['a deletion in dry run', 'DELETE', `${MAPS}/a?dryRun=All`, undefined, 200],
          ['a deletion of another one', 'DELETE', `${MAPS}/a`, { preconditions: { uid: 'another' } }, 409],
          ['a patch in dry run', 'PATCH', `${MAPS}/a?dryRun=All`, { data: { k: 'dry' } }, 200, MERGE],
          ['a patch of another type', 'PATCH', `${MAPS}/a`, { data: {} }, 415, 'application/json'],
        ] as const)
          expect(await ask(method, path, body, type), what).to.include({ status });
        expect((await ask('GET', `${MAPS}/a`)).data).to.deep.equal({ k: 'v' });
        const unnamed = { ...map('any'), metadata: { generateName: 'conformance-' } };
        const { metadata: named } = await ask('POST', MAPS, unnamed);
        expect(named?.name).to.match(/^conformance-[a-z0-9]{5}$/);

        const noted = { metadata: { annotations: { note: null, more: 'new' } } };
        const patched = await ask('PATCH', `${MAPS}/a`, noted, MERGE);
        expect(patched.metadata?.annotations).to.deep.equal({ other: 'kept', more: 'new' });
        expect(patched.metadata?.labels).to.deep.equal(metadata.labels);
        expect(patched.metadata).to.include({ uid }).and.not.to.include({ resourceVersion });
        const labelled = { metadata: { labels: { tier: null } } };
        const strategic = await ask('PATCH', `${MAPS}/a`, labelled, 'application/strategic-merge-patch+json');
        expect(strategic.metadata?.labels).to.deep.equal({ team: 'x' });
        const test = (value: string) => [
          { op: 'test', path: '/data/k', value },
          { op: 'add', path: '/metadata/annotations/example.com~1note', value: 'json' },
        ];
        const JSON_PATCH = 'application/json-patch+json';
        expect(await ask('PATCH', `${MAPS}/a`, test('other'), JSON_PATCH)).to.include({ status: 422 });
        const annotated = await ask('PATCH', `${MAPS}/a`, test('v'), JSON_PATCH);
        expect(annotated.metadata?.annotations).to.deep.equal({
          other: 'kept',
          more: 'new',
          'example.com/note': 'json',
        });

        const now = annotated.metadata?.resourceVersion;
        for (const [what, method, body, status] of [
          ['an update of what was there', 'PUT', map('a', { resourceVersion }), 409],
          ['a patch of what was there', 'PATCH', { metadata: { resourceVersion } }, 409],
          ['an update of another object', 'PUT', map('a', { uid: '00000000-0000-0000-0000-000000000000' }), 409],
          ['a deletion of what was there', 'DELETE', { preconditions: { resourceVersion } }, 409],
          ['an update of what is there', 'PUT', map('a', { resourceVersion: now, uid }, { data: { l: 'w' } }), 200],
          ['an update of whatever is there', 'PUT', map('a', {}, { data: { m: 'x' } }), 200],
        ] as const)
          expect(await ask(method, `${MAPS}/a`, body, method === 'PATCH' ? MERGE : undefined), what).to.include({
            status,
          });
        const { metadata: replaced, data } = await ask('GET', `${MAPS}/a`);
        expect(data).to.deep.equal({ m: 'x' });
        expect(replaced).to.include({ uid }).and.not.to.have.any.keys('annotations', 'labels');
        expect(await ask('DELETE', `${MAPS}/a`, { preconditions: { uid } })).to.include({ status: 200 });
        expect(await ask('GET', `${MAPS}/a`)).to.include({ status: 404 });
        const again = await ask('POST', MAPS, map('a', { uid }));
        expect(again).to.include({ status: 201 });
        expect(again.metadata?.uid).not.to.equal(uid);
      }),
      check('what several apply is each what they say', async (context) => {
        const ask = asker(context);
        const apply = (manager: string, data: object, more = '') =>
          ask('PATCH', `${MAPS}/applied?fieldManager=${manager}${more}`, map('applied', {}, { data }), APPLY);
        for (const [manager, data, more, status, now] of [
          ['one', { both: '1', own: '1' }, '', 201, { both: '1', own: '1' }],
          ['two', { both: '2' }, '', 409, undefined],
          ['two', { both: '1' }, '', 200, { both: '1', own: '1' }],
          ['two', { both: '2' }, '&force=true', 200, { both: '2', own: '1' }],
          ['one', { own: '2' }, '', 200, { both: '2', own: '2' }],
          ['two', { more: '2' }, '', 200, { own: '2', more: '2' }],
        ] as const) {
          const what = `${JSON.stringify(data)} by ${manager}${more}`;
          const answer = await apply(manager, data, more);
          expect(answer, what).to.include({ status });
          if (now !== undefined) expect(answer.data, what).to.deep.equal(now);
        }
        for (const [manager, annotations, now] of [
          ['one', { role: 'x', other: 'y' }, { role: 'x', other: 'y' }],
          ['two', { more: 'z' }, { role: 'x', other: 'y', more: 'z' }],
          ['one', { other: 'y' }, { other: 'y', more: 'z' }],
          ['one', undefined, { more: 'z' }],
        ] as const) {
          const path = `${MAPS}/noted?fieldManager=${manager}`;
          const { metadata } = await ask('PATCH', path, map('noted', annotations && { annotations }), APPLY);
          expect(metadata?.annotations, `${JSON.stringify(annotations ?? {})} by ${manager}`).to.deep.equal(now);
        }
      }),
      check('a patch of a list changes the elements that it names, or the whole', async (context) => {
        const ask = asker(context);
        const [path, labels] = ['/apis/apps/v1/namespaces/<namespace:app>/deployments', { of: 'set' }];
        const patch = async (type: string, change: object): Promise<unknown> => {
          const body = { spec: { template: { spec: { containers: [{ name: 'app', ...change }] } } } };
          const answer = await ask('PATCH', `${path}/listed`, body, type);
          expect(answer, JSON.stringify(change)).to.include({ status: 200 });
          const { template } = (answer as unknown as { spec: { template: { spec: { containers: [Container] } } } })
            .spec;
          const [{ env = [], image }] = template.spec.containers;
          return {
            image,
            env: env
              .map(({ name, value }) => `${name}=${value}`)
              .sort()
              .join(),
          };
        };
        const env = (...pairs: readonly string[]) =>
          pairs.map((pair) => ({ name: pair.slice(0, 1), value: pair.slice(2) }));
        const [STRATEGIC, image] = ['application/strategic-merge-patch+json', 'example.com/app:1'];
        const containers = [{ name: 'app', image, env: env('A=1', 'B=2') }];
        const spec = {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers } },
        };
        const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'listed' }, spec };
        expect(await ask('POST', path, deployment)).to.include({ status: 201 });
        for (const [type, change, now] of [
          [STRATEGIC, { env: env('B=3', 'C=4') }, { image, env: 'A=1,B=3,C=4' }],
          [STRATEGIC, { env: [{ name: 'A', $patch: 'delete' }] }, { image, env: 'B=3,C=4' }],
          [STRATEGIC, { env: [{ $patch: 'replace' }, ...env('D=5')] }, { image, env: 'D=5' }],
          [MERGE, { image: 'example.com/app:2', env: env('E=6') }, { image: 'example.com/app:2', env: 'E=6' }],
        ] as const)
          expect(await patch(type, change), JSON.stringify(change)).to.deep.equal(now);
      }),
      check('each namespace has a default service account, and the authority of the cluster', async (context) => {
        const ask = asker(context);
        for (const path of [`${NAMESPACE}/serviceaccounts/default`, `${MAPS}/kube-root-ca.crt`]) {
          const { metadata: first } = await ask('GET', path);
          expect(await ask('DELETE', path), path).to.include({ status: 200 });
          const next = await context.eventually(
            () => ask('GET', path),
            ({ status, metadata }) => status === 200 && metadata?.uid !== first?.uid,
          );
          expect(next, `${path} after its deletion`).to.include({ status: 200 });
          expect(next.metadata?.uid).not.to.equal(first?.uid);
        }
      }),
      check('secrets keep text in base64, and what is not to change stays', async (context) => {
        const ask = asker(context);
        const secret = { ...map('one'), kind: 'Secret' };
        const both = { data: { a: base64('x'), b: base64('old') }, stringData: { b: 'y' } };
        const made = await ask('POST', SECRETS, { ...secret, ...both });
        expect(made).to.deep.include({ status: 201, type: 'Opaque', data: { a: base64('x'), b: base64('y') } });
        expect(made).not.to.have.property('stringData');
        const patched = await ask('PATCH', `${SECRETS}/one`, { stringData: { a: 'z' }, immutable: true }, MERGE);
        expect(patched.data).to.deep.equal({ a: base64('z'), b: base64('y') });
        expect(await ask('PATCH', `${SECRETS}/one`, { stringData: { a: 'w' } }, MERGE)).to.include({ status: 422 });
        expect(await ask('PATCH', `${SECRETS}/one`, { immutable: false }, MERGE)).to.include({ status: 422 });
        const noted = { metadata: { labels: { team: 'x' } } };
        expect(await ask('PATCH', `${SECRETS}/one`, noted, MERGE)).to.include({ status: 200 });

        const settings = map('fixed', {}, { data: { a: 'x' }, immutable: true });
        expect(await ask('POST', MAPS, settings)).to.include({ status: 201 });
        for (const [change, status] of [
          [{ data: { a: 'y' } }, 422],
          [{ data: { b: 'y' } }, 422],
          [{ binaryData: { b: base64('y') } }, 422],
          [{ immutable: false }, 422],
          [noted, 200],
        ] as const)
          expect(await ask('PATCH', `${MAPS}/fixed`, change, MERGE), JSON.stringify(change)).to.include({ status });

        const spec = { serviceAccountName: 'app', containers: [{ name: 'app', image: 'example.com/app:1' }] };
        const own = { tolerations: [{ key: 'example.com/own', operator: 'Exists' }] };
        const gated = { schedulingGates: [{ name: 'example.com/none' }] };
        const pod = { ...map('held'), kind: 'Pod', spec: { ...spec, ...own, ...gated } };
        const held = await ask('POST', PODS, pod);
        expect(held).to.include({ status: 201 });
        const { tolerations = [] } = held.spec ?? {};
        const more = { key: 'example.com/more', operator: 'Exists', effect: 'NoExecute' };
        for (const [change, status] of [
          [{ spec: { tolerations: [] } }, 422],
          [{ spec: { tolerations: [...tolerations.filter(({ key }) => key !== 'example.com/own'), more] } }, 422],
          [{ spec: { tolerations: [...tolerations, more] } }, 200],
          [{ spec: { tolerations: [...tolerations, { ...more, tolerationSeconds: 60 }] } }, 200],
          [{ spec: { terminationGracePeriodSeconds: 7 } }, 422],
          [{ spec: { serviceAccountName: 'default', serviceAccount: 'default' } }, 422],
          [{ spec: { automountServiceAccountToken: true } }, 422],
          [{ spec: { volumes: null } }, 422],
          [{ spec: { containers: [{ name: 'app', env: [{ name: 'AWS_ROLE_ARN', value: 'x' }] }] } }, 422],
          [{ spec: { containers: [{ name: 'app', image: 'example.com/app:2' }] } }, 200],
          [{ metadata: { annotations: { note: 'x' } } }, 200],
          // The status is not written with the rest.
          [{ status: { phase: 'Running' } }, 200],
        ] as const)
          expect(
            await ask('PATCH', `${PODS}/held`, change, 'application/strategic-merge-patch+json'),
            JSON.stringify(change),
          ).to.include({ status });
        const { body } = await context.kubernetes({ path: context.name(`${PODS}/held`) });
        expect(JSON.parse(body)).to.deep.nested.include({ 'status.phase': 'Pending' });
        const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'held' } };
        expect(await ask('POST', `${PODS}/held/eviction`, eviction)).to.include({ status: 201 });
        expect(await ask('GET', `${PODS}/held`)).to.include({ status: 404 });
      }),
    ],
  });
});

interface Container {
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}
