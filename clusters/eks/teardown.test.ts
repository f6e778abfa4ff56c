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

  it('goes by stages', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    cluster.resources.add(thing('beside the cluster', 'role'));
    cluster.resources.add(thing('the cluster', 'cluster a'));
    cluster.resources.add(thing('lock', 'lease'));
    cluster.resources.add(thing('of the cluster', 'nodes'));
    cluster.resources.add(thing('in the cluster', 'agent'));
    await tearDown(cluster);
    expect(removed).to.deep.equal(['agent', 'nodes', 'cluster a', 'role', 'lease']);
    await tearDown(cluster);
    expect(removed).to.have.length(5);
  });

  it('includes what may have been made though no answer came, and nothing that was refused', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    await rejection(cluster.resources.make(failing('the cluster', 'cluster a', new Error('socket hang up'))));
    await rejection(cluster.resources.make(failing('beside the cluster', 'role', refused())));
    await tearDown(cluster);
    expect(removed).to.deep.equal(['cluster a']);
  });

  it('names all that is left with what to do, and tries it again', async () => {
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

  it('leaves alone what a cluster needs that is left', async () => {
    let held = true;
    const cluster = { resources: new Resources(), remedy: undefined };
    cluster.resources.add(thing('the cluster', 'cluster a', () => held));
    cluster.resources.add(thing('beside the cluster', 'role b'));
    expect((await rejection(tearDown(cluster))).message).to.equal(
      'Left behind: cluster a (cluster a is held), role b (it stays while cluster a is there).',
    );
    expect(removed).to.deep.equal([]);
    held = false;
    await tearDown(cluster);
    expect(removed).to.deep.equal(['cluster a', 'role b']);
  });

  it('counts what went with its cluster as gone', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    cluster.resources.add(thing('of the cluster', 'add-on', () => true));
    cluster.resources.add(thing('the cluster', 'cluster a'));
    await tearDown(cluster);
    expect(removed).to.deep.equal(['cluster a']);
  });

  it('says after a failure why it failed, and what is left', async () => {
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

  it('leaves the error of a failure as it is when nothing is left', async () => {
    const cluster = { resources: new Resources(), remedy: undefined };
    const cause = new Error('interrupted');
    cluster.resources.add(thing('the cluster', 'cluster a'));
    expect(await rejection(tornDownOnFailure(cluster, () => Promise.reject(cause)))).to.equal(cause);
    expect(removed).to.deep.equal(['cluster a']);
  });
});
