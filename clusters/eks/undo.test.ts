import { expect } from 'chai';
import { ClusterError } from '../../foundation/cluster-error.ts';
import { Undo, type Stage } from './undo.ts';

const refused = (): Error => Object.assign(new Error('no'), { name: 'Invalid', $metadata: { httpStatusCode: 400 } });

const rejection = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.fail('it was not rejected'),
    (error: unknown) => error as Error,
  );

describe('undoing what was made for a cluster', () => {
  let removed: string[];
  beforeEach(() => (removed = []));
  const thing = (stage: Stage, what: string, fails?: () => boolean) => ({
    ...{ stage, what },
    remove: async () => {
      if (fails?.() === true) throw new Error(`${what} is held.`);
      removed.push(what);
    },
  });

  it('goes by stages', async () => {
    const undo = new Undo();
    undo.made(thing('beside the cluster', 'role'));
    undo.made(thing('the cluster', 'cluster'));
    undo.made(thing('lock', 'lease'));
    undo.made(thing('of the cluster', 'nodes'));
    undo.made(thing('in the cluster', 'agent'));
    await undo.all();
    expect(removed).to.deep.equal(['agent', 'nodes', 'cluster', 'role', 'lease']);
    await undo.all();
    expect(removed).to.have.length(5);
  });

  it('includes what may have been made though no answer came, and nothing that was refused', async () => {
    const undo = new Undo();
    await rejection(undo.making(thing('the cluster', 'cluster'), () => Promise.reject(new Error('socket hang up'))));
    await rejection(undo.making(thing('beside the cluster', 'role'), () => Promise.reject(refused())));
    await undo.all();
    expect(removed).to.deep.equal(['cluster']);
  });

  it('names all that is left with what to do, and tries it again', async () => {
    let held = true;
    const undo = new Undo('run sweep');
    undo.made(thing('of the cluster', 'nodes'));
    undo.made(thing('the cluster', 'cluster a', () => held));
    undo.made(thing('lock', 'lease b', () => held));
    const error = await rejection(undo.all());
    expect(error).to.include({
      code: 'LEFT_BEHIND',
      message: 'Left behind: cluster a (cluster a is held), lease b (lease b is held): run sweep.',
    });
    held = false;
    await undo.all();
    expect(removed).to.deep.equal(['nodes', 'cluster a', 'lease b']);
  });

  it('leaves alone what a cluster needs that is left', async () => {
    let held = true;
    const undo = new Undo();
    undo.made(thing('the cluster', 'cluster a', () => held));
    undo.made(thing('beside the cluster', 'role b'));
    expect((await rejection(undo.all())).message).to.equal(
      'Left behind: cluster a (cluster a is held), role b (it stays while cluster a is there).',
    );
    expect(removed).to.deep.equal([]);
    held = false;
    await undo.all();
    expect(removed).to.deep.equal(['cluster a', 'role b']);
  });

  it('counts what went with its cluster as gone', async () => {
    const undo = new Undo();
    undo.made(thing('of the cluster', 'add-on', () => true));
    undo.made(thing('the cluster', 'cluster'));
    await undo.all();
    expect(removed).to.deep.equal(['cluster']);
  });

  it('says after a failure why it failed, and what is left', async () => {
    const undo = new Undo('run sweep');
    const failed = undo.ifFails(async () => {
      undo.made(thing('the cluster', 'cluster a', () => true));
      throw new ClusterError('NODE_NOT_READY', 'environment', 'No node joined.');
    });
    const error = await rejection(failed);
    expect(error).to.include({
      code: 'NODE_NOT_READY',
      message: 'No node joined. Left behind: cluster a (cluster a is held): run sweep.',
    });
  });

  it('leaves the error of a failure as it is when nothing is left', async () => {
    const undo = new Undo();
    const cause = new Error('interrupted');
    undo.made(thing('the cluster', 'cluster'));
    expect(await rejection(undo.ifFails(() => Promise.reject(cause)))).to.equal(cause);
    expect(removed).to.deep.equal(['cluster']);
  });
});
