/** Files of volumes follow changes of their sources. */
import { expect } from 'chai';
import { check, granted, readFile, startPod, suite, wait } from '../../harness/index.ts';
import { askerOf } from '../lib/namespace-requests.ts';
import { changePod, logOf, podOf } from '../lib/programs.ts';
import {
  CLUSTER_AUTHORITY,
  lacks,
  LATE,
  lists,
  MAP_OF_SETTINGS,
  MAPS,
  NOTE,
  PEM,
  reads,
  SETTINGS,
  type Answered,
} from './lib/volumes.ts';

const LEAVING = { name: 'conformance-leaving' } as const;

suite('volumes', ({ scenario }) => {
  scenario('PI-35', "a volume's files follow their sources, and files of deleted keys disappear", {
    source: 'Kubernetes documentation, "ConfigMaps": mounted ConfigMaps are updated automatically',
    workloads: {
      app: {
        starts: 'later',
        volumes: {
          // First a volume whose config map is deleted later, and one that does not change.
          '/opt/leaving': { configMap: LEAVING },
          '/opt/authority': { configMap: CLUSTER_AUTHORITY },
          '/opt/map': { configMap: SETTINGS },
          '/opt/one': { configMap: { ...SETTINGS, items: [{ key: 'kept', path: 'deep/kept' }] } },
          '/opt/both': {
            projected: {
              sources: [
                { configMap: { ...SETTINGS, optional: true } },
                { configMap: { ...CLUSTER_AUTHORITY, items: [{ key: 'ca.crt', path: 'more/ca.crt' }] } },
              ],
            },
          },
          '/opt/once': { configMap: SETTINGS, subPath: 'kept' },
          '/opt/late': { configMap: { ...LATE, optional: true } },
          '/opt/pod': {
            downwardAPI: {
              items: [NOTE, { path: 'team', fieldRef: { fieldPath: "metadata.labels['conformance-team']" } }],
            },
          },
        },
        podAnnotations: { 'conformance-note': 'hello' },
      },
    },
    probes: [
      check('the settings are created', async ({ kubernetes, name }) => {
        const data = { kept: 'old', gone: 'x' };
        const binaryData = { bytes: Buffer.from([0, 255]).toString('base64') };
        const body = { ...MAP_OF_SETTINGS, data, binaryData };
        for (const metadata of [SETTINGS, LEAVING]) {
          const answer = await kubernetes({ method: 'POST', path: name(MAPS), body: { ...body, metadata } });
          expect(answer, `config map ${metadata.name}`).to.include({ status: 201 });
        }
      }),
      startPod('app'),
      ...reads(
        'app',
        ['/opt/map/kept', 3],
        ['/opt/map/gone', 1],
        ['/opt/map/bytes', 2],
        ['/opt/one/deep/kept', 3],
        ['/opt/both/gone', 1],
        ['/opt/once', 3],
        ['/opt/pod/note', 5],
        ['/opt/pod/team', 0],
      ),
      lists('/opt/map', 'bytes,gone,kept'),
      lists('/opt/late', ''),
      check('the settings are changed', async (context) => {
        const { kubernetes, name } = context;
        const changed = { annotations: { 'conformance-note': 'goodbye' }, labels: { 'conformance-team': 'pay' } };
        await changePod(context, '<pod:app>', changed);
        const path = `${name(MAPS)}/${SETTINGS.name}`;
        const body = { ...MAP_OF_SETTINGS, data: { kept: 'newer', added: 'xy' } };
        expect(await kubernetes({ method: 'PUT', path, body })).to.include({ status: 200 });
        const late = { ...body, metadata: LATE };
        expect(await kubernetes({ method: 'POST', path: name(MAPS), body: late })).to.include({ status: 201 });
      }),
      // A kubelet updates all volumes of a pod after the pod changes, and before the next probes.
      granted('app', readFile('/opt/both/more/ca.crt'), { facts: { bytes: PEM } }),
      wait(3),
      ...reads(
        'app',
        ['/opt/map/kept', 5],
        ['/opt/map/added', 2],
        ['/opt/one/deep/kept', 5],
        ['/opt/both/added', 2],
        ['/opt/both/more/ca.crt', PEM],
        ['/opt/pod/note', 7],
        ['/opt/pod/team', 3],
        // "A container using a ConfigMap as a subPath volume mount will not receive ConfigMap updates."
        ['/opt/once', 3],
      ),
      ...['/opt/map/gone', '/opt/both/gone'].map(lacks),
      lists('/opt/map', 'added,kept'),
      lists('/opt/late', 'added,kept'),
      lists('/opt/both', 'added,kept,more'),
      lists('/opt/both/more', 'ca.crt'),
      check('the settings of one volume are deleted', async (context) => {
        const { kubernetes, name } = context;
        const path = `${name(MAPS)}/${LEAVING.name}`;
        expect(await kubernetes({ method: 'DELETE', path })).to.include({ status: 200 });
        const changed = { annotations: { 'conformance-note': 'so long' }, labels: { 'conformance-team': 'x' } };
        await changePod(context, '<pod:app>', changed);
      }),
      wait(3),
      granted('app', readFile('/opt/pod/team'), { facts: { bytes: 1 } }),
      lists('/opt/leaving', 'bytes,gone,kept'),
    ],
  });

  scenario('PI-40', 'files follow a single change of a label, a config map or a secret', {
    source:
      'Kubernetes documentation, "ConfigMaps" and "Secrets": mounted ones are updated automatically; "Downward API"; "Volumes", emptyDir',
    // On clusters in this process, whose kubelets see changes at once. Others may take a minute and a half (PI-35 expects less).
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a pod watches its files', async (context) => {
        const { eventually } = context;
        const ask = askerOf<Answered>(context);
        const secret = { ...MAP_OF_SETTINGS, kind: 'Secret' };
        await ask('POST', 'configmaps', { ...MAP_OF_SETTINGS, data: { kept: 'old' } });
        await ask('POST', 'secrets', { ...secret, stringData: { kept: 'old' } });
        const items = [{ path: 'team', fieldRef: { fieldPath: "metadata.labels['team']" } }];
        const volumes = [
          { name: 'map', configMap: SETTINGS },
          { name: 'secret', secret: { secretName: SETTINGS.name } },
          { name: 'pod', downwardAPI: { items } },
          { name: 'empty', emptyDir: {} },
        ];
        const volumeMounts = volumes.map(({ name: volume }) => ({ name: volume, mountPath: `/opt/${volume}` }));
        const settings = { volumes, volumeMounts, metadata: { labels: { team: 'old' } } };
        await ask('POST', 'pods', await podOf(context, 'watches', WATCH, settings));
        const logWith = (files: string): Promise<string> =>
          eventually(
            () => logOf(context, 'watches'),
            (log) => log.includes(`files ${files} `),
            12,
          );
        const first = await logWith('old,old,old');
        if (!first.includes('files ')) throw new Error('Timed out: pod watches has printed nothing.');
        expect(first, 'the initial files').to.include('files old,old,old ').and.to.include('mode 777 ');
        await ask('PUT', `configmaps/${SETTINGS.name}`, { ...MAP_OF_SETTINGS, data: { kept: 'new' } });
        expect(await logWith('new,old,old'), 'after a change of the config map').to.include('files new,old,old ');
        await ask('PUT', `secrets/${SETTINGS.name}`, { ...secret, stringData: { kept: 'new' } });
        expect(await logWith('new,new,old'), 'after a change of the secret').to.include('files new,new,old ');
        await changePod(context, 'watches', { labels: { team: 'new' } });
        expect(await logWith('new,new,new'), 'after a change of the label').to.include('files new,new,new ');
      }),
    ],
  });
});

const WATCHED = ['/opt/map/kept', '/opt/secret/kept', '/opt/pod/team'];

/** Prints the contents of its files after each change, and the mode of the empty folder. */
const WATCH = `
const fs = require('fs');
let known = '';
const tell = () => {
  const now = ${JSON.stringify(WATCHED)}.map((file) => fs.readFileSync(file, 'utf8')).join();
  if (now !== known) console.log('files ' + (known = now) + ' ');
};
console.log('mode ' + (fs.statSync('/opt/empty').mode & 0o777).toString(8) + ' ');
tell();
setInterval(tell, 100);`;
