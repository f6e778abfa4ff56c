/** How pods start, end and restart: the order of containers, grace periods, and the status of each container. */
import { expect } from 'chai';
import { check, granted, readFile, suite, type CheckContext } from '../../harness/index.ts';
import { NAMESPACE } from '../lib/namespace-requests.ts';
import { API_ACCESS, asker, logOf, podOf, statusOf, tells, type Pod, type Settings } from '../lib/programs.ts';

const LIFECYCLE = 'Kubernetes documentation, "Pod Lifecycle"';
const STATE = '/opt/state';
const STATEFUL = {
  volumes: [{ name: 'state', emptyDir: {} }],
  volumeMounts: [{ name: 'state', mountPath: STATE }],
};
const RUNS = "console.log('started'); setInterval(() => {}, 1000);";
/** Fails when it runs for the first time. */
const RETRIED = `
const fs = require('fs');
const again = fs.existsSync('${STATE}/ran');
fs.writeFileSync('${STATE}/ran', '');
console.log(again ? 'second' : 'first');
process.exit(again ? 0 : 1);`;
/** Fails when it runs for the first time, and then runs on. */
const HELPS = RETRIED.replace(
  'process.exit(again ? 0 : 1)',
  `again ? fs.writeFileSync('${STATE}/again', '') : process.exit(1)`,
).concat('setInterval(() => {}, 1000);');
/** Notes that it runs, and when it is told to end; at last tells who was. */
const SIDECAR = `
const fs = require('fs');
const note = (name, text) => fs.existsSync('${STATE}') && fs.appendFileSync('${STATE}/' + name, text);
process.on('SIGTERM', () => {
  note('told', process.argv[1] + ' ');
  if (fs.existsSync('${STATE}/told')) console.log('told: ' + fs.readFileSync('${STATE}/told', 'utf8'));
  process.exit(0);
});
note('runs', '');
setInterval(() => {}, 1000);`;
/** Tells, once it is to end, whether its token and its sidecar are still there. */
const LEAVING = `
const fs = require('fs');
const tell = () => {
  const token = fs.existsSync('${API_ACCESS}/token') && fs.readFileSync('${API_ACCESS}/token').length > 0;
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
const STUBBORN = `process.on('SIGTERM', () => {}); ${RUNS}`;
const sidecarOf = (name: string) => ({ name, restartPolicy: 'Always', program: SIDECAR, args: [name] });
type Pods = Readonly<Record<string, readonly [program: string, settings?: Settings]>>;
async function make(context: CheckContext, pods: Pods): Promise<void> {
  for (const [pod, [program, settings]] of Object.entries(pods))
    await asker(context)('POST', 'pods', await podOf(context, pod, program, settings));
}
const hasEnded = ({ phase = '' }: Pod['status']): boolean => /Succeeded|Failed/.test(phase);
/** In which state each of its containers is, init containers first. */
const statesOf = ({ initContainerStatuses = [], containerStatuses = [] }: Pod['status']): string =>
  [...initContainerStatuses, ...containerStatuses].map(({ state }) => Object.keys(state ?? {}).join()).join();
/** Its phase, what is true of it, and which of its containers are ready. */
const toldBy = ({ phase = '', conditions = [], containerStatuses = [] }: Pod['status']): string => {
  const isTrue = (type: string) => conditions.some((of) => of.type === type && of.status === 'True');
  const known = ['Initialized', 'ContainersReady', 'Ready'].filter(isTrue);
  return [phase, ...known, ...containerStatuses.map(({ ready }) => String(ready))].join(' ');
};

suite('pods', ({ scenario }) => {
  scenario('RB-42', 'a pod ends as its containers do, and they keep its token and sidecars until they have ended', {
    source: `${LIFECYCLE}: phase, restart policy, termination of Pods; "Init Containers"; "Sidecar Containers": Pods with sidecar containers; "Assigning Pods to Nodes", nodeSelector`,
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('pods end', async (context) => {
        const ask = asker(context);
        const sidecar = sidecarOf('sidecar');
        const fails = { name: 'init', program: 'process.exit(4)' };
        const first = { name: 'first', program: `require('fs').writeFileSync('${STATE}/first', '')` };
        const next = { name: 'next', program: `require('fs').readFileSync('${STATE}/first')` };
        await make(context, {
          done: ['process.exit(0)', { initContainers: [sidecar] }],
          failed: ['process.exit(3)', { initContainers: [sidecar] }],
          retried: [RETRIED, { ...STATEFUL, spec: { restartPolicy: 'OnFailure' } }],
          uninitialized: ['process.exit(0)', { initContainers: [fails] }],
          ordered: ['process.exit(0)', { ...STATEFUL, initContainers: [first, next] }],
          initialized: [
            'process.exit(0)',
            {
              ...{ ...STATEFUL, spec: { restartPolicy: 'OnFailure' } },
              initContainers: [{ name: 'init', program: RETRIED }],
            },
          ],
          nowhere: ['process.exit(0)', { spec: { nodeSelector: { 'example.com/none': 'none' } } }],
          // It is told below that it has longer.
          leaving: [LEAVING, { ...STATEFUL, initContainers: [sidecar, sidecarOf('other')] }],
        });
        if (!(await tells(context, 'leaving', /started/))) throw new Error('Pod leaving had not started.');
        const path = `${context.name(NAMESPACE)}/pods/leaving/log?follow=true&container=`;
        const [log, order] = ['app', 'sidecar'].map((of) => context.kubernetes({ path: `${path}${of}` }));
        await ask('DELETE', 'pods/leaving?gracePeriodSeconds=60');

        for (const [pod, phase, restarts, restartsOfInit] of [
          ['done', 'Succeeded', 0, 0],
          ['failed', 'Failed', 0, 0],
          ['retried', 'Succeeded', 1, undefined],
          ['uninitialized', 'Failed', 0, 0],
          ['ordered', 'Succeeded', 0, 0],
          ['initialized', 'Succeeded', 0, 1],
        ] as const) {
          const again = ({ initContainerStatuses: init = [] }: Pod['status']) => (init[0]?.restartCount ?? 0) > 1;
          const status = await statusOf(context, pod, 'ended', (seen) => hasEnded(seen) || again(seen));
          expect(status, pod).to.include({ phase });
          expect(status.containerStatuses?.[0], pod).to.include({ restartCount: restarts });
          expect(status.initContainerStatuses?.[0]?.restartCount, pod).to.equal(restartsOfInit);
        }
        const { status: uninitialized } = await ask('GET', 'pods/uninitialized');
        expect(uninitialized.containerStatuses?.[0]?.state).not.to.have.property('terminated');
        const scheduled = async () =>
          (await ask('GET', 'pods/nowhere')).status.conditions?.find(({ type }) => type === 'PodScheduled');
        const condition = await context.eventually(scheduled, (seen) => seen !== undefined);
        if (condition === undefined) throw new Error('Whether pod nowhere fits a node was not known in time.');
        expect(condition).to.include({ status: 'False', reason: 'Unschedulable' });
        const left = (await log)?.body ?? '';
        if (!left.includes('started')) throw new Error(`What pod leaving told at last is not known: ${left}`);
        expect(left).to.include(JSON.stringify({ token: true, sidecar: true }));
        // The last that was started is the first to be told.
        expect((await order)?.body).to.include('told: other sidecar');
      }),
    ],
  });

  scenario('RB-44', 'the status of a pod tells which containers run and are ready, and how others ended', {
    source: `${LIFECYCLE}: phase, container states, Pod conditions, container restarts; "Determine the Reason for Pod Failure"; API Reference, PodStatus, and Pod, log: container, previous; "Pod Quality of Service Classes"`,
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('it tells', async (context) => {
        const ask = asker(context);
        const note = `require('fs').writeFileSync('said', 'own words')`;
        const says = "process.stdout.write('last words');";
        const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' };
        await make(context, {
          runs: [
            RUNS,
            {
              initContainers: [{ name: 'init', program: "console.log('of init')" }],
              resources: { requests: { cpu: '1m' } },
            },
          ],
          half: ['process.exit(0)', { containers: [{ name: 'other', program: RUNS }] }],
          initializes: ['process.exit(0)', { initContainers: [{ name: 'init', program: RUNS }] }],
          ended: [`${says} process.exit(0)`, { ...fallback, resources: { limits: { cpu: '500m', memory: '256Mi' } } }],
          failed: [`${says} process.exit(7)`, fallback],
          mixed: ['process.exit(0)', { containers: [{ name: 'other', program: 'process.exit(7)' }] }],
          silent: [`${says} process.exit(7)`],
          notes: [note, { ...STATEFUL, workingDir: STATE, terminationMessagePath: `${STATE}/said` }],
          retried: [HELPS, { ...STATEFUL, spec: { restartPolicy: 'OnFailure' } }],
          helped: [
            `setInterval(() => require('fs').existsSync('${STATE}/again') && process.exit(0), 50)`,
            { ...STATEFUL, initContainers: [{ name: 'sidecar', restartPolicy: 'Always', program: HELPS }] },
          ],
          always: ['process.exit(0)', { spec: { restartPolicy: 'Always' } }],
          unknown: ['process.exit(0)', { image: 'conformance.invalid/none:1' }],
        });
        for (const [pod, states, told] of [
          ['runs', 'terminated,running', 'Running Initialized ContainersReady Ready true'],
          ['half', 'terminated,running', 'Running Initialized false true'],
          ['initializes', 'running,waiting', 'Pending false'],
          ['ended', 'terminated', 'Succeeded Initialized false'],
          ['failed', 'terminated', 'Failed Initialized false'],
          ['mixed', 'terminated,terminated', 'Failed Initialized false false'],
          ['unknown', 'waiting', 'Pending Initialized false'],
        ] as const) {
          await statusOf(context, pod, `come to ${states}`, (seen) => statesOf(seen) === states);
          const look = async () => toldBy((await ask('GET', `pods/${pod}`)).status);
          expect(await context.eventually(look, (seen) => seen === told, 10), pod).to.equal(told);
        }
        for (const [pod, qosClass] of [
          ['runs', 'Burstable'],
          ['ended', 'Guaranteed'],
          ['failed', 'BestEffort'],
        ] as const)
          expect((await ask('GET', `pods/${pod}`)).status, pod).to.include({ qosClass });
        for (const [pod, expected] of [
          ['ended', { exitCode: 0, reason: 'Completed', message: undefined }],
          ['failed', { exitCode: 7, reason: 'Error', message: 'last words' }],
          ['silent', { exitCode: 7, reason: 'Error', message: undefined }],
          ['notes', { exitCode: 0, reason: 'Completed', message: 'own words' }],
        ] as const) {
          const { containerStatuses: [container] = [] } = await statusOf(context, pod, 'ended', hasEnded);
          const { exitCode, reason, message } = container?.state?.terminated ?? {};
          expect({ exitCode, reason, message }, pod).to.deep.equal(expected);
        }
        // While it runs again: a node keeps no more than one that has ended.
        const runsAgain = ({ containerStatuses: [seen] = [] }: Pod['status']) =>
          seen?.restartCount === 1 && seen.state?.running !== undefined;
        const { containerStatuses: [retried] = [] } = await statusOf(context, 'retried', 'started again', runsAgain);
        expect(retried?.lastState?.terminated, 'how it ended at first').to.include({ exitCode: 1, reason: 'Error' });
        // A sidecar is started again whatever the policy of its pod.
        const helped = async () => (await ask('GET', 'pods/helped')).status;
        const { phase } = await context.eventually(helped, hasEnded);
        expect(phase, 'the phase of a pod whose sidecar fails at first').to.equal('Succeeded');
        const previous = `${context.name(NAMESPACE)}/pods/retried/log?previous=true`;
        expect((await context.kubernetes({ path: previous })).body).to.equal('first\n');
        if (!(await tells(context, 'retried', /second/)))
          throw new Error('What pod retried tells was not known in time.');
        expect(await logOf(context, 'retried')).to.equal('second\n');
        expect(await logOf(context, 'runs', 'init')).to.equal('of init\n');
        // Of the only container there is, unless one is named.
        const log = (pod: string) => context.kubernetes({ path: `${context.name(NAMESPACE)}/pods/${pod}/log` });
        expect(await log('runs')).to.include({ status: 200, body: 'started\n' });
        expect(await log('half')).to.include({ status: 400 });

        const of = ({ containerStatuses: [container] = [] }: Pod['status']) => container;
        const isAgain = (seen: Pod['status']) =>
          hasEnded(seen) || of(seen)?.state?.waiting?.reason === 'CrashLoopBackOff';
        const always = await statusOf(context, 'always', 'been started again', isAgain);
        expect(always).to.include({ phase: 'Running' });
        expect(of(always)).to.include({ ready: false });
        expect(of(always)?.lastState?.terminated, 'how it ended each time').to.include({
          exitCode: 0,
          reason: 'Completed',
        });
        const isTried = (seen: Pod['status']) =>
          /^(ErrImagePull|ImagePullBackOff)$/.test(of(seen)?.state?.waiting?.reason ?? '');
        await statusOf(context, 'unknown', 'been given up', isTried);
      }),
    ],
  });

  scenario('RB-46', 'a namespace that is deleted takes nothing new while its pods end', {
    source: 'Kubernetes documentation, "Admission Control in Kubernetes", NamespaceLifecycle',
    // What a run may do in clusters of others is make what it needs.
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('it is deleted', async (context) => {
        const { kubernetes, name, eventually } = context;
        const ending = name('<namespace:app>-ends');
        const at = `/api/v1/namespaces/${ending}`;
        const request = async (method: string, path: string, body?: object) =>
          await kubernetes({ method, path, ...(body !== undefined && { body }) });
        const make = (kind: string, of: string) =>
          request('POST', `${at}/${kind.toLowerCase()}s?dryRun=All`, {
            apiVersion: 'v1',
            kind,
            metadata: { name: of },
          });
        const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ending } };
        expect(await request('POST', '/api/v1/namespaces', namespace)).to.include({ status: 201 });
        try {
          const spec = { serviceAccountName: 'default', terminationGracePeriodSeconds: 3600 };
          const stays = await podOf(context, 'stays', STUBBORN, { spec });
          const isMade = await eventually(
            () => request('POST', `${at}/pods`, stays),
            ({ status }) => status !== 403,
          );
          expect(isMade).to.include({ status: 201 });
          const log = () => request('GET', `${at}/pods/stays/log`);
          const { body } = await eventually(log, (seen) => seen.body.includes('started'));
          if (!body.includes('started')) throw new Error('Pod stays had not started in time.');
          for (const kind of ['ConfigMap', 'ServiceAccount'])
            expect(await make(kind, 'one'), `a ${kind} before`).to.include({ status: 201 });
          expect(await request('DELETE', at)).to.include({ status: 200 });
          expect(JSON.parse((await request('GET', at)).body)).to.deep.nested.include({ 'status.phase': 'Terminating' });
          for (const kind of ['ConfigMap', 'ServiceAccount']) {
            const refused = await eventually(
              () => make(kind, 'one'),
              ({ status }) => status !== 201,
            );
            expect(refused, `a ${kind} while it ends`).to.include({ status: 403 });
            expect(refused.body).to.contain('because it is being terminated');
          }
        } finally {
          await request('DELETE', `${at}/pods/stays?gracePeriodSeconds=0`);
          await request('DELETE', at);
        }
      }),
    ],
  });

  scenario('RB-45', 'a pod that is deleted has as long to end as its deletion says, and no longer', {
    source: `${LIFECYCLE}: termination of Pods; API Reference, DeleteOptions, gracePeriodSeconds, and ObjectMeta, deletionGracePeriodSeconds`,
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('it is killed then', async (context) => {
        const ask = asker(context);
        const remove = async (pod: string, seconds?: number) =>
          (await ask('DELETE', `pods/${pod}${seconds === undefined ? '' : `?gracePeriodSeconds=${seconds}`}`)).metadata;
        const isGone = (pod: string) =>
          context.eventually(
            async () => (await context.kubernetes({ path: `${context.name(NAMESPACE)}/pods/${pod}` })).status === 404,
            (gone) => gone,
            20,
          );
        const patient = { spec: { terminationGracePeriodSeconds: 3600 } };
        await make(context, {
          asked: [STUBBORN, patient],
          shortened: [STUBBORN, patient],
          brief: [STUBBORN, { spec: { terminationGracePeriodSeconds: 1 } }],
          obedient: [`process.on('SIGTERM', () => process.exit(0)); ${RUNS}`, patient],
        });
        const pods = ['asked', 'shortened', 'brief', 'obedient'];
        for (const pod of pods)
          if (!(await tells(context, pod, /started/))) throw new Error(`Pod ${pod} had not started.`);
        try {
          expect(await remove('asked', 1)).to.include({ deletionGracePeriodSeconds: 1 });
          const first = await remove('shortened');
          expect(first).to.include({ deletionGracePeriodSeconds: 3600 });
          const { deletionTimestamp, deletionGracePeriodSeconds } = await remove('shortened', 7200);
          expect({ deletionTimestamp, deletionGracePeriodSeconds }, 'never longer').to.deep.equal({
            ...{ deletionTimestamp: first.deletionTimestamp, deletionGracePeriodSeconds: 3600 },
          });
          const second = await remove('shortened', 1);
          expect(second).to.include({ deletionGracePeriodSeconds: 1 });
          expect(Date.parse(second.deletionTimestamp ?? '')).to.be.below(Date.parse(first.deletionTimestamp ?? ''));
          expect(await remove('brief')).to.include({ deletionGracePeriodSeconds: 1 });
          // One that ends when it is told to needs no more.
          await remove('obedient');
          if (!(await isGone('obedient'))) throw new Error('Pod obedient was not gone in time.');
          // What a kubelet makes of a shorter time, once it waits, differs.
          for (const pod of ['asked', 'brief']) expect(await isGone(pod), `pod ${pod} is gone`).to.equal(true);
        } finally {
          for (const pod of pods)
            await context.kubernetes({
              ...{ method: 'DELETE', path: `${context.name(NAMESPACE)}/pods/${pod}?gracePeriodSeconds=0` },
            });
        }
      }),
    ],
  });
});
