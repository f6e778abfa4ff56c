import { expect } from 'chai';
import { KubernetesError, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { enforceNow, enforceOnceUsed } from './network-policies.ts';

/** Returns an API server whose policies appear at the given list request. Records the selectors of the plugin. */
function apiServer(first: number, plugin = true) {
  const selectors: unknown[] = [];
  let lists = 0;
  const json = async (method: string, _path: string, body?: unknown): Promise<unknown> => {
    if (method === 'GET') {
      lists += 1;
      if (lists === 1) throw new KubernetesError(500, 'InternalError', 'etcdserver: request timed out');
      return { items: lists >= first ? [{}] : [] };
    }
    if (!plugin) throw new KubernetesError(404, 'NotFound', 'not found');
    selectors.push(Object.values((body as Patch).spec.template.spec.nodeSelector)[0]);
    return {};
  };
  return { selectors, lists: () => lists, connection: { json } as unknown as Connection };
}

interface Patch {
  readonly spec: { readonly template: { readonly spec: { readonly nodeSelector: object } } };
}

describe('network plugins of kind clusters', () => {
  it('run on no node until a network policy exists', async () => {
    const { connection, selectors, lists } = apiServer(3);
    await enforceOnceUsed(connection, new AbortController().signal);
    expect(selectors).to.deep.equal(['none', null]);
    expect(lists()).to.equal(3);
  });

  it('are not changed if they are not of the own node image', async () => {
    const { connection, selectors, lists } = apiServer(1, false);
    await enforceOnceUsed(connection, new AbortController().signal);
    expect([selectors, lists()]).to.deep.equal([[], 0]);
  });

  it('run again in a cluster that was left without them', async () => {
    const { connection, selectors } = apiServer(1);
    await enforceNow(connection, new AbortController().signal);
    await enforceNow(apiServer(1, false).connection, new AbortController().signal);
    expect(selectors).to.deep.equal([null]);
  });

  it('are no longer followed once the cluster is removed', async () => {
    const { connection, selectors } = apiServer(Infinity);
    const removed = new AbortController();
    const following = enforceOnceUsed(connection, removed.signal);
    removed.abort(new Error('removed'));
    expect(await following.catch((error: Error) => error.message)).to.equal('removed');
    expect(selectors).to.deep.equal(['none']);
  });
});
