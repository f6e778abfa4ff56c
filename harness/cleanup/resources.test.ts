import { expect } from 'chai';
import { HarnessError } from '../../foundation/errors.ts';
import { Resources, type Making } from './resources.ts';
import { isUndoneAtOnce, thingOf } from './undo.ts';

const never = new AbortController().signal;
/** An error as AWS' SDK throws it. */
const answer = (name: string, httpStatusCode: number, attempts = 1): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode, attempts } });

describe('what a scenario makes', () => {
  let removed: unknown[];
  let makings: Resources;
  beforeEach(() => {
    removed = [];
    makings = new Resources();
  });

  const making = (make: () => Promise<string>, more: Partial<Making<string>> = {}): Making<string> => ({
    name: 'role app',
    lives: 'aws',
    make,
    remove: async (made) => removed.push(made),
    ...more,
  });
  const failing = (error: unknown, more: Partial<Making<string>> = {}): Promise<unknown> =>
    makings
      .make(
        making(() => Promise.reject(error as Error), more),
        never,
      )
      .catch((reason: unknown) => reason);

  it('is noted with how to remove it', async () => {
    expect(
      await makings.make(
        making(async () => 'made'),
        never,
      ),
    ).to.equal('made');
    expect(makings.undo.map(thingOf)).to.deep.equal([{ name: 'role app', lives: 'aws' }]);
    for (const step of makings.undo) await step();
    expect(removed).to.deep.equal(['made']);
  });

  it('is undone at once where others feel it', async () => {
    await makings.make(
      making(async () => 'made', { atOnce: true }),
      never,
    );
    await makings.make(
      making(async () => 'made'),
      never,
    );
    expect(makings.undo.map((step) => isUndoneAtOnce(step, true))).to.deep.equal([true, false]);
  });

  for (const [what, error] of [
    ['AWS refuses it', answer('AccessDenied', 403)],
    ['its name is taken', answer('EntityAlreadyExists', 409)],
    ['Kubernetes refuses it', Object.assign(new Error('exists'), { status: 409 })],
  ] as const)
    it(`is not noted when ${what}`, async () => {
      expect(await failing(error, { taken: ['EntityAlreadyExists'] })).to.equal(error);
      expect(makings.undo).to.deep.equal([]);
    });

  for (const [what, error] of [
    ['the answer is lost', new TypeError('socket hang up')],
    ['the service fails', answer('ServiceFailure', 500)],
    ['a second try is refused', answer('Throttling', 400, 2)],
  ] as const)
    it(`is noted though it may not be there when ${what}`, async () => {
      expect(await failing(error)).to.equal(error);
      for (const step of makings.undo) await step();
      expect(removed).to.deep.equal([undefined]);
    });

  it('is there when a second try finds the name taken', async () => {
    expect(await failing(answer('EntityAlreadyExists', 409, 2), { taken: ['EntityAlreadyExists'] })).to.equal(
      undefined,
    );
    expect(makings.undo).to.have.length(1);
  });

  it('is waited for when the scenario is over, and nothing is begun any more', async () => {
    let finish: (made: string) => void = () => undefined;
    const made = makings.make(
      making(() => new Promise((resolve) => (finish = resolve))),
      never,
    );
    const closed = makings.close().then(() => makings.undo.length);
    finish('late');
    expect(await closed).to.equal(1);
    expect(await made).to.equal('late');
    const late = await makings
      .make(
        making(async () => 'too late'),
        never,
      )
      .catch((error: Error) => error.message);
    expect(late).to.contain('its scenario is over');
    expect(makings.undo).to.have.length(1);
  });

  it('is not begun once the scenario is stopped', async () => {
    const reason = new HarnessError('TIMED_OUT', 'too late');
    const stopped = await makings
      .make(
        making(async () => 'made'),
        AbortSignal.abort(reason),
      )
      .catch((error: unknown) => error);
    expect(stopped).to.equal(reason);
    expect(makings.undo).to.deep.equal([]);
  });
});
