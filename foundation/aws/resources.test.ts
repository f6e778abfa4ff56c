import { expect } from 'chai';
import { HarnessError } from '../node/errors.ts';
import type { JournalEntry } from '../node/journal.ts';
import { removeAll, Resources, type Failures, type PendingResource, type Resource } from './resources.ts';

const never = new AbortController().signal;
/** Returns an error as AWS's SDK throws it. */
const answer = (name: string, httpStatusCode: number, attempts = 1): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode, attempts } });

describe('resources', () => {
  let removed: unknown[];
  let resources: Resources;
  beforeEach(() => {
    removed = [];
    resources = new Resources();
  });

  const pending = (
    make: () => Promise<string>,
    more: Partial<PendingResource<string>> = {},
  ): PendingResource<string> => ({
    name: 'role app',
    lives: 'aws',
    make,
    remove: async (made) => removed.push(made),
    ...more,
  });
  const failing = (error: unknown, more: Partial<PendingResource<string>> = {}): Promise<unknown> =>
    resources
      .make(
        pending(() => Promise.reject(error as Error), more),
        never,
      )
      .catch((reason: unknown) => reason);

  it('are recorded before the creation ends, and can be removed', async () => {
    const made = resources.make(
      pending(async () => 'made', { order: 1 }),
      never,
    );
    // The creation has not ended yet.
    expect(resources.all).to.have.length(1);
    expect(await made).to.equal('made');
    expect(resources.all[0]).to.include({ name: 'role app', lives: 'aws', order: 1 });
    expect([...(await resources.remove())]).to.deep.equal([]);
    expect(removed).to.deep.equal(['made']);
    expect(resources.all).to.deep.equal([]);
  });

  for (const [what, error] of [
    ['AWS rejects the creation', answer('AccessDenied', 403)],
    ['the name is taken', answer('EntityAlreadyExists', 409)],
    ['Kubernetes rejects the creation', Object.assign(new Error('exists'), { status: 409 })],
  ] as const)
    it(`are not recorded if ${what}`, async () => {
      expect(await failing(error, { taken: ['EntityAlreadyExists'] })).to.equal(error);
      expect(resources.all).to.deep.equal([]);
    });

  for (const [what, error] of [
    ['the answer is lost', new TypeError('socket hang up')],
    ['the service fails', answer('ServiceFailure', 500)],
    ['a second attempt is rejected', answer('Throttling', 400, 2)],
  ] as const)
    it(`are removed even if they may not exist because ${what}`, async () => {
      expect(await failing(error)).to.equal(error);
      await resources.remove();
      expect(removed).to.deep.equal([undefined]);
    });

  it('count as created if a second attempt finds the name taken', async () => {
    const outcome = await failing(answer('EntityAlreadyExists', 409, 2), { taken: ['EntityAlreadyExists'] });
    expect(outcome).to.equal(undefined);
    expect(resources.all).to.have.length(1);
  });

  it('in creation are awaited when the scenario ends, and no other creation starts', async () => {
    let finish: (made: string) => void = () => undefined;
    const made = resources.make(
      pending(() => new Promise((resolve) => (finish = resolve))),
      never,
    );
    const closed = resources.close();
    finish('late');
    await closed;
    expect(await made).to.equal('late');
    const late = resources.make(
      pending(async () => 'too late'),
      never,
    );
    expect(await late.catch((error: Error) => error.message)).to.contain('its scenario has ended');
    expect(resources.all).to.have.length(1);
  });

  it('are not created once the scenario has been stopped', async () => {
    const reason = new HarnessError('TIMED_OUT', 'too late');
    const stopped = resources.make(
      pending(async () => 'made'),
      AbortSignal.abort(reason),
    );
    expect(await stopped.catch((error: unknown) => error)).to.equal(reason);
    expect(resources.all).to.deep.equal([]);
  });

  it('are in the journal from before their creation until their removal', async () => {
    const log: unknown[] = [];
    const entry: JournalEntry = { kind: 'docker-network', name: 'net' };
    const journal = { add: () => log.push('added'), forget: (gone: JournalEntry) => log.push(gone) };
    const journalled = new Resources({ add: () => void journal.add(), forget: (gone) => void journal.forget(gone) });
    await journalled.make(
      pending(async () => `${log.push('made')}`, { entry }),
      never,
    );
    const refused = pending(() => Promise.reject(answer('AccessDenied', 403)), { entry });
    await journalled.make(refused, never).catch(() => undefined);
    expect(log).to.deep.equal(['added', 'made', 'added', entry]);
    await journalled.remove();
    expect(log.slice(4)).to.deep.equal([entry]);
  });

  it('remain recorded and are retried if their removal fails', async () => {
    let held = true;
    const remove = async (): Promise<void> => {
      if (held) throw new Error('held');
    };
    resources.add({ name: 'bucket', lives: 'aws', remove });
    expect([...(await resources.remove()).values()].map(({ message }) => message)).to.deep.equal(['held']);
    held = false;
    expect([...(await resources.remove())]).to.deep.equal([]);
  });
});

describe('removeAll', () => {
  let done: string[];
  beforeEach(() => {
    done = [];
  });
  const resource = (name: string, more: Partial<Resource> = {}): Resource => ({
    name,
    lives: 'aws',
    remove: async () => void done.push(name),
    ...more,
  });
  const held = (name: string, more: Partial<Resource> = {}): Resource =>
    resource(name, { remove: () => Promise.reject(new Error('in use')), ...more });
  const messagesOf = (failures: Failures): string[] =>
    [...failures].map(([{ name }, { message }]) => `${name}: ${message}`);

  it('undoes changes, newest first, and then removes resources by order', async () => {
    await removeAll([
      resource('first', { isChange: true }),
      resource('policy', { order: 1 }),
      resource('role'),
      resource('second', { isChange: true }),
    ]);
    expect(done).to.deep.equal(['second', 'first', 'role', 'policy']);
  });

  it('removes resources of equal order concurrently', async () => {
    const arrived: (() => void)[] = [];
    // Each call ends once both have begun.
    const meeting = (): Promise<void> =>
      new Promise((resolve) => {
        arrived.push(resolve);
        if (arrived.length === 2) for (const both of arrived) both();
      });
    const failures = await removeAll([resource('a', { remove: meeting }), resource('b', { remove: meeting })]);
    expect(messagesOf(failures)).to.deep.equal([]);
  });

  it('retries a failure once if asked to, and reports a second failure', async () => {
    let tries = 0;
    const once = async (): Promise<void> => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
    };
    expect(
      messagesOf(await removeAll([resource('role', { remove: once }), held('bucket')], { secondTry: 0 })),
    ).to.deep.equal(['bucket: in use']);
    expect(tries).to.equal(2);
  });

  it('does not retry if no service answers', async () => {
    let tries = 0;
    const remove = async (): Promise<void> => {
      tries += 1;
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
    expect(messagesOf(await removeAll([resource('role', { remove })], { secondTry: 0 }))).to.have.length(1);
    expect(tries).to.equal(1);
  });

  it('keeps a resource while another that needs it exists', async () => {
    const role = resource('role', { order: 1, neededBy: 'cluster' });
    expect(messagesOf(await removeAll([held('cluster'), role]))).to.deep.equal([
      'cluster: in use',
      'role: cluster must be removed first',
    ]);
    expect(messagesOf(await removeAll([role], { existing: new Set(['cluster']) }))).to.have.length(1);
    expect(messagesOf(await removeAll([resource('cluster'), role]))).to.deep.equal([]);
    expect(done).to.deep.equal(['cluster', 'role']);
  });

  it('treats the parts of a removed resource as removed', async () => {
    const addon = held('add-on', { partOf: 'cluster' });
    expect(messagesOf(await removeAll([addon, resource('cluster', { order: 1 })]))).to.deep.equal([]);
    expect(messagesOf(await removeAll([addon]))).to.have.length(1);
  });
});
