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
  /** The reason why a pod is not scheduled, or its node. */
  const state = async (name: string): Promise<string | undefined> => {
    const { spec, status } = await read(name);
    return spec.nodeName ?? status.conditions?.find(({ type }) => type === 'PodScheduled')?.reason;
  };
  const until = async (name: string, wanted: string): Promise<void> => {
    while ((await state(name)) !== wanted) await new Promise(setImmediate);
  };

  it('puts a pod on a ready node', async () => {
    await create('free', {});
    await until('free', 'node-1');
  });

  it('says so of a pod that no node takes', async () => {
    await create('choosy', { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' } });
    await until('choosy', 'Unschedulable');
  });

  it('holds a pod with scheduling gates back until the last of them is gone', async () => {
    await create('gated', gates('example.com/a', 'example.com/b'));
    await until('gated', 'SchedulingGated');
    expect(await patch('gated', gates('example.com/b'))).to.equal(200);
    // A pod without gates that is made later is scheduled meanwhile.
    await create('free', {});
    await until('free', 'node-1');
    expect(await state('gated')).to.equal('SchedulingGated');
    expect(await patch('gated', { schedulingGates: null })).to.equal(200);
    await until('gated', 'node-1');
  });

  it('lets nobody add a gate, or hold back a pod that has a node', async () => {
    await create('gated', gates('example.com/a'));
    expect(await patch('gated', gates('example.com/a', 'example.com/b'))).to.equal(422);
    expect(await create('both', { ...gates('example.com/a'), nodeName: 'node-1' })).to.equal(422);
    expect(await create('nameless', { schedulingGates: [{}] })).to.equal(422);
  });

  it('deletes a pod that never ran at once', async () => {
    await create('gated', gates('example.com/a'));
    await cluster.call('DELETE', `${PODS}/gated`);
    expect((await cluster.call('GET', `${PODS}/gated`)).status).to.equal(404);
  });

  it('gives tokens to a pod that is held back', async () => {
    await create('gated', gates('example.com/a'));
    const answer = await cluster.call('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
      body: { spec: { audiences: ['vault'], boundObjectRef: { kind: 'Pod', name: 'gated' } } },
    });
    expect(answer.status).to.equal(201);
  });
});
