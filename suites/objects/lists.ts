/** Lists and watches with selectors. */
import { expect } from 'chai';
import { check, granted, readFile, suite } from '../../harness/index.ts';
import { asker, map, MAPS, MERGE, PODS } from './lib/requests.ts';

const CONVENTIONS = 'Kubernetes documentation, "Kubernetes API Concepts"';

suite('objects', ({ scenario }) => {
  scenario('RB-41', 'a list or watch tells all that its selectors select, and nothing else', {
    source: `${CONVENTIONS}, chunks, watches; "Labels and Selectors"; "Field Selectors"`,
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('lists, pages, watches and deletions select', async (context) => {
        const ask = asker(context);
        for (const [name, labels] of [
          ['a', { team: 'x' }],
          ['b', { team: 'y' }],
          ['c', {}],
          ['d', { team: '' }],
        ] as const)
          expect(await ask('POST', MAPS, map(name, { labels: { of: 'set', ...labels } }))).to.include({ status: 201 });
        const select = async (query: Readonly<Record<string, string>>): Promise<string | number> => {
          const { status, items = [] } = await ask('GET', `${MAPS}?${new URLSearchParams(query).toString()}`);
          return status === 200 ? items.map(({ metadata }) => metadata.name).join() : status;
        };
        for (const [labelSelector, names] of [
          ['of=set', 'a,b,c,d'],
          ['of==set,team=x', 'a'],
          ['of=set,team!=x', 'b,c,d'],
          ['of,team in (x, y)', 'a,b'],
          ['of,team notin (x,y)', 'c,d'],
          ['of,team', 'a,b,d'],
          ['of,!team', 'c'],
          ['of,team=', 'd'],
          ['of=other', ''],
          ['of in x', 400],
        ] as const)
          expect(await select({ labelSelector }), labelSelector).to.equal(names);
        for (const [fieldSelector, names] of [
          ['metadata.name=b', 'b'],
          ['metadata.name!=b', 'a,c,d'],
          ['metadata.namespace=none', ''],
          ['data.k=v', 400],
        ] as const)
          expect(await select({ labelSelector: 'of', fieldSelector }), fieldSelector).to.equal(names);
        const pod = async () =>
          JSON.parse((await context.kubernetes({ path: context.name(`${PODS}/<pod:app>`) })).body) as {
            readonly spec: { readonly nodeName: string };
            readonly status: { readonly phase: string };
          };
        // A kubelet tells a little later what runs.
        const { spec } = await context.eventually(pod, ({ status }) => status.phase !== 'Pending');
        for (const [fieldSelector, isThere] of [
          ['spec.serviceAccountName=app', true],
          ['spec.serviceAccountName=ap', false],
          [`spec.nodeName=${spec.nodeName},status.phase!=Pending`, true],
          ['spec.nodeName=', false],
          ['status.phase=Pending', false],
          ['spec.restartPolicy!=none,metadata.namespace=<namespace:app>', true],
        ] as const) {
          const query = new URLSearchParams({ fieldSelector: context.name(fieldSelector) });
          const { items = [] } = await ask('GET', `${PODS}?${query.toString()}`);
          expect(items.length > 0, `a pod of ${fieldSelector}`).to.equal(isThere);
        }
        const pages: (readonly string[])[] = [];
        for (let after = ''; pages.length < 10;) {
          const query = new URLSearchParams({ labelSelector: 'of', limit: '3', continue: after });
          const { items = [], metadata } = await ask('GET', `${MAPS}?${query.toString()}`);
          pages.push(items.map((item) => item.metadata.name));
          after = metadata?.continue ?? '';
          if (after === '') break;
        }
        expect(pages.flat().join()).to.equal('a,b,c,d');
        expect(Math.max(...pages.map(({ length }) => length)), 'the longest page').to.be.at.most(3);

        const { metadata: before } = await ask('GET', MAPS);
        await ask('PATCH', `${MAPS}/a`, { data: { k: 'v' } }, MERGE);
        await ask('PATCH', `${MAPS}/a`, { metadata: { labels: { team: 'y' } } }, MERGE);
        await ask('PATCH', `${MAPS}/b`, { metadata: { labels: { team: 'x' } } }, MERGE);
        expect(await ask('DELETE', `${MAPS}?labelSelector=of,team%3Dy`)).to.include({ status: 200 });
        expect(await select({ labelSelector: 'of' })).to.equal('b,c,d');
        await ask('DELETE', `${MAPS}/b`);
        const watch = async (resourceVersion = ''): Promise<readonly string[]> => {
          const query = `watch=true&timeoutSeconds=1&labelSelector=of,team%3Dx&resourceVersion=${resourceVersion}`;
          const { body } = await context.kubernetes({ path: context.name(`${MAPS}?${query}`) });
          const lines = body.split('\n').filter((line) => line !== '');
          const events = lines.map((line) => JSON.parse(line) as Event);
          // Where much happens, an API server soon forgets what it was before.
          if (events.some(({ type }) => type === 'ERROR')) throw new Error(`The watch ended: ${body}`);
          return events.map(({ type, object }) => `${type} ${object.metadata.name}`);
        };
        const all = ['MODIFIED a', 'DELETED a', 'ADDED b', 'DELETED b'];
        const seen = await context.eventually(
          () => watch(before?.resourceVersion),
          (events) => events.length >= all.length,
          10,
        );
        expect(seen).to.deep.equal(all);
      }),
    ],
  });
});

interface Event {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string } };
}
