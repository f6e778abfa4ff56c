import { expect } from 'chai';
import { pod, startTestCluster, type TestCluster } from '../../../../test/support/api-server.ts';

interface Scheduled {
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly reason?: string }[] };
}

const PODS = '/api/v1/namespaces/default/pods';
const gates = (...names: string[]): object => ({ schedulingGates: names.map((name) => ({ name })) });
const headers = { 'content-type': 'application/merge-patch+json' };

describe('the scheduler', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await startTestCluster();
    cluster.addNode('node-1');
  });
  afterEach(() => cluster.close());

  const create = async (name: string, spec: object): Promise<number> =>
    (await cluster.call('POST', PODS, { body: pod(name, spec) })).status;
  const patch = async (name: string, spec: object): Promise<number> =>
    (await cluster.call('PATCH', `${PODS}/${name}`, { headers, body: { spec } })).status;
  const read = async (name: string): Promise<Scheduled> =>
    (await cluster.call('GET', `${PODS}/${name}`)).body as unknown as Scheduled;
  /** Returns a pod's node, or the reason why it is not scheduled. */
  const state = async (name: string): Promise<string | undefined> => {
    const { spec, status } = await read(name);
    return spec.nodeName ?? status.conditions?.find(({ type }) => type === 'PodScheduled')?.reason;
  };
  const until = async (name: string, wanted: string): Promise<void> => {
    while ((await state(name)) !== wanted) await new Promise(setImmediate);
  };

  it('assigns a pod to a ready node', async () => {
    await create('free', {});
    await until('free', 'node-1');
  });

  it('marks a pod as unschedulable if no node matches', async () => {
    await create('choosy', { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' } });
    await until('choosy', 'Unschedulable');
  });

  it('does not schedule a pod until its last scheduling gate is removed', async () => {
    await create('gated', gates('example.com/a', 'example.com/b'));
    await until('gated', 'SchedulingGated');
    expect(await patch('gated', gates('example.com/b'))).to.equal(200);
    // A later pod without gates is scheduled first.
    await create('free', {});
    await until('free', 'node-1');
    expect(await state('gated')).to.equal('SchedulingGated');
    expect(await patch('gated', { schedulingGates: null })).to.equal(200);
    await until('gated', 'node-1');
  });

  it('rejects added gates, and gates on a pod with a node', async () => {
    await create('gated', gates('example.com/a'));
    expect(await patch('gated', gates('example.com/a', 'example.com/b'))).to.equal(422);
    expect(await create('both', { ...gates('example.com/a'), nodeName: 'node-1' })).to.equal(422);
    expect(await create('nameless', { schedulingGates: [{}] })).to.equal(422);
  });

  it('immediately deletes a pod that never ran', async () => {
    await create('gated', gates('example.com/a'));
    await cluster.call('DELETE', `${PODS}/gated`);
    expect((await cluster.call('GET', `${PODS}/gated`)).status).to.equal(404);
  });

  it('issues tokens for a gated pod', async () => {
    await create('gated', gates('example.com/a'));
    const answer = await cluster.call('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
      body: { spec: { audiences: ['vault'], boundObjectRef: { kind: 'Pod', name: 'gated' } } },
    });
    expect(answer.status).to.equal(201);
  });
});
