import { expect } from 'chai';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { placed, tearDown, tornDownOnFailure } from './teardown.ts';

const refused = (): Error => Object.assign(new Error('no'), { name: 'Invalid', $metadata: { httpStatusCode: 400 } });

const rejection = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.fail('it was not rejected'),
    (error: unknown) => error as Error,
  );

describe('the teardown of a cluster', () => {
  let removed: string[];
  beforeEach(() => (removed = []));
  const thing = (stage: Parameters<typeof placed>[0], name: string, fails?: () => boolean) => ({
    ...placed(stage, 'a'),
    name,
    remove: async () => {
      if (fails?.() === true) throw new Error(`${name} is held.`);
      removed.push(name);
    },
  });
  const failing = (stage: Parameters<typeof placed>[0], name: string, error: Error) => ({
    ...thing(stage, name),
    make: () => Promise.reject(error),
  });

  it('removes resources in stages', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    cluster.resources.add(thing('next to the cluster', 'role'));
    cluster.resources.add(thing('the cluster', 'cluster a'));
    cluster.resources.add(thing('lock', 'lease'));
    cluster.resources.add(thing('of the cluster', 'nodes'));
    cluster.resources.add(thing('in the cluster', 'agent'));
    await tearDown(cluster);
    expect(removed).to.deep.equal(['agent', 'nodes', 'cluster a', 'role', 'lease']);
    await tearDown(cluster);
    expect(removed).to.have.length(5);
  });

  it('includes a resource whose creation got no response, but not one that AWS rejected', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    await rejection(cluster.resources.make(failing('the cluster', 'cluster a', new Error('socket hang up'))));
    await rejection(cluster.resources.make(failing('next to the cluster', 'role', refused())));
    await tearDown(cluster);
    expect(removed).to.deep.equal(['cluster a']);
  });

  it('reports all leftovers with a remedy, and retries them when repeated', async () => {
    let held = true;
    const cluster = { resources: new Resources(), remedy: 'run sweep' };
    cluster.resources.add(thing('of the cluster', 'nodes'));
    cluster.resources.add(thing('the cluster', 'cluster a', () => held));
    cluster.resources.add(thing('lock', 'lease b', () => held));
    const error = await rejection(tearDown(cluster));
    expect(error).to.include({
      code: 'LEFT_BEHIND',
      message: 'Left behind: cluster a (cluster a is held), lease b (lease b is held): run sweep.',
    });
    held = false;
    await tearDown(cluster);
    expect(removed).to.deep.equal(['nodes', 'cluster a', 'lease b']);
  });

  it('keeps the resources that a remaining cluster needs', async () => {
    let held = true;
    const cluster = { resources: new Resources(), remedy: undefined };
    cluster.resources.add(thing('the cluster', 'cluster a', () => held));
    cluster.resources.add(thing('next to the cluster', 'role b'));
    expect((await rejection(tearDown(cluster))).message).to.equal(
      'Left behind: cluster a (cluster a is held), role b (cluster a must be removed first).',
    );
    expect(removed).to.deep.equal([]);
    held = false;
    await tearDown(cluster);
    expect(removed).to.deep.equal(['cluster a', 'role b']);
  });

  it('counts resources as removed when their cluster was', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    cluster.resources.add(thing('of the cluster', 'add-on', () => true));
    cluster.resources.add(thing('the cluster', 'cluster a'));
    await tearDown(cluster);
    expect(removed).to.deep.equal(['cluster a']);
  });

  it('reports the original failure and the leftovers', async () => {
    const cluster = { resources: new Resources(), remedy: 'run sweep' };
    const failed = tornDownOnFailure(cluster, async () => {
      cluster.resources.add(thing('the cluster', 'cluster a', () => true));
      throw new ClusterError('NODE_NOT_READY', 'No node joined.');
    });
    const error = await rejection(failed);
    expect(error).to.include({
      code: 'NODE_NOT_READY',
      message: 'No node joined. Left behind: cluster a (cluster a is held): run sweep.',
    });
  });

  it('keeps the original error if there are no leftovers', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    const cause = new Error('interrupted');
    cluster.resources.add(thing('the cluster', 'cluster a'));
    expect(await rejection(tornDownOnFailure(cluster, () => Promise.reject(cause)))).to.equal(cause);
    expect(removed).to.deep.equal(['cluster a']);
  });
});
