/** Token and sidecars of a pod during its termination. */
import { expect } from 'chai';
import { check, granted, readFile, suite } from '../../harness/index.ts';
import { NAMESPACE } from '../lib/namespace-requests.ts';
import { API_ACCESS, asker, podOf, tells } from '../lib/programs.ts';

const LIFECYCLE = 'Kubernetes documentation, "Pod Lifecycle"';
const STATE = '/opt/state';
const STATEFUL = {
  volumes: [{ name: 'state', emptyDir: {} }],
  volumeMounts: [{ name: 'state', mountPath: STATE }],
};
/** Records its start and its SIGTERM, and prints which sidecars have received SIGTERM. */
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
/** Prints after SIGTERM whether its token and its sidecar still exist. */
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
const sidecarOf = (name: string) => ({ name, restartPolicy: 'Always', program: SIDECAR, args: [name] });

suite('pods', ({ scenario }) => {
  scenario('RB-42', 'a deleted pod keeps its token and sidecars until its containers have ended', {
    source: `${LIFECYCLE}: termination of Pods; "Sidecar Containers": Pods with sidecar containers`,
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('the pod reports its token and sidecar', async (context) => {
        const ask = asker(context);
        const initContainers = [sidecarOf('sidecar'), sidecarOf('other')];
        await ask('POST', 'pods', await podOf(context, 'leaving', LEAVING, { ...STATEFUL, initContainers }));
        if (!(await tells(context, 'leaving', /started/))) throw new Error('Timed out: pod leaving has not started.');
        const path = `${context.name(NAMESPACE)}/pods/leaving/log?follow=true&container=`;
        const [log, order] = ['app', 'sidecar'].map((container) => context.kubernetes({ path: `${path}${container}` }));
        await ask('DELETE', 'pods/leaving?gracePeriodSeconds=60');
        const left = (await log)?.body ?? '';
        if (!left.includes('started')) throw new Error(`The log of pod leaving is incomplete: ${left}`);
        expect(left).to.include(JSON.stringify({ token: true, sidecar: true }));
        // Sidecars receive SIGTERM in reverse order of their start.
        expect((await order)?.body).to.include('told: other sidecar');
      }),
    ],
  });
});
