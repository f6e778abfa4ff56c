import { expect } from 'chai';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { awaitAgent } from './await-agent.ts';
import type { EksContext } from './context.ts';
import { FAST } from '../../test/support/eks-cluster.ts';

const conditions = (ready: boolean): object => ({ conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] });
const pod = (nodeName: string, ready = true): object => ({
  metadata: { name: `agent-${nodeName}` },
  spec: { nodeName },
  status: { phase: 'Running', ...conditions(ready) },
});
const node = (name: string, ready = true): object => ({ metadata: { name }, status: conditions(ready) });

describe("waiting for the add-on's agent", () => {
  /** What it comes to in a cluster with a DaemonSet of this status. */
  async function waited(
    status: object,
    {
      pods = [],
      nodes = [],
      autoMode = false,
    }: { readonly pods?: readonly object[]; readonly nodes?: readonly object[]; readonly autoMode?: boolean } = {},
    milliseconds = 20_000,
  ): Promise<unknown> {
    const connection = {
      json: async (_method: string, path: string) => {
        if (path.includes('/pods?')) return { items: pods };
        return path === '/api/v1/nodes' ? { items: nodes } : { metadata: { generation: 1 }, status };
      },
    } as unknown as Connection;
    const context = {
      name: 'a',
      timing: FAST,
      readyMilliseconds: milliseconds,
      signal: new AbortController().signal,
      deadline: Date.now() + milliseconds,
    } as unknown as EksContext;
    return awaitAgent(connection, context, autoMode).catch((error: Error) => error.message);
  }
  const wanted = (desiredNumberScheduled: number): object => ({ observedGeneration: 1, desiredNumberScheduled });

  it('ends when it is ready on all nodes that it is wanted on', async () => {
    expect(await waited(wanted(2), { pods: [pod('n1'), pod('n2')] })).to.equal(true);
    expect(await waited(wanted(2), { pods: [pod('n1')] }, 30)).to.match(/not ready within 0.03 s .* and ready\.$/);
  });

  it('waits for none on a node that is not ready itself', async () => {
    const pods = [pod('n1'), pod('n2', false)];
    expect(await waited(wanted(2), { pods, nodes: [node('n1'), node('n2', false)] })).to.equal(true);
    expect(await waited(wanted(2), { pods, nodes: [node('n1'), node('n2')] }, 30)).to.contain('agent-n2 on node n2');
  });

  it('is none in Auto Mode where no node takes it: they have their own', async () =>
    expect(await waited(wanted(0), { autoMode: true })).to.equal(false));

  it('fails soon where no node takes it, and says what to look at', async () =>
    expect(await waited(wanted(0))).to.match(
      /^Add-on eks-pod-identity-agent of cluster a has no node to run on.*affinity/,
    ));

  it('does not take a DaemonSet for one that is wanted nowhere before its controller has seen it', async () =>
    expect(await waited({ desiredNumberScheduled: 0 }, { autoMode: true, pods: [pod('n1')] })).to.equal(true));
});
