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
  /** Returns the outcome, or the error message, for a DaemonSet with this status. */
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

  it('ends when the agent is ready on every node that should run it', async () => {
    expect(await waited(wanted(2), { pods: [pod('n1'), pod('n2')] })).to.equal(true);
    expect(await waited(wanted(2), { pods: [pod('n1')] }, 30)).to.match(/not ready within 0.03 s .* and ready\.$/);
  });

  it('ignores nodes that are not ready', async () => {
    const pods = [pod('n1'), pod('n2', false)];
    expect(await waited(wanted(2), { pods, nodes: [node('n1'), node('n2', false)] })).to.equal(true);
    expect(await waited(wanted(2), { pods, nodes: [node('n1'), node('n2')] }, 30)).to.contain('agent-n2 on node n2');
  });

  it('ends in Auto Mode if no node accepts the add-on, since the nodes have their own agent', async () =>
    expect(await waited(wanted(0), { autoMode: true })).to.equal(false));

  it('fails soon if no node accepts the add-on, and names the settings to check', async () =>
    expect(await waited(wanted(0))).to.match(
      /^Add-on eks-pod-identity-agent of cluster a has no node to run on.*affinity/,
    ));

  it('ignores a count of 0 nodes until the controller has observed the DaemonSet', async () =>
    expect(await waited({ desiredNumberScheduled: 0 }, { autoMode: true, pods: [pod('n1')] })).to.equal(true));
});
