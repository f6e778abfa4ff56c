import { expect } from 'chai';
import { KubernetesError } from '../../foundation/kubernetes/connection.ts';
import { persist, until } from './until.ts';

describe('until', () => {
  const { signal } = new AbortController();
  const patience = { every: 1, within: 20_000, signal };

  it('looks again until there is something, over what another try may change', async () => {
    const looks = [
      () => undefined,
      () => {
        throw new KubernetesError(503, 'ServiceUnavailable', 'no endpoints available');
      },
      () => {
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      },
      () => 'seen',
    ];
    expect(await until(async () => looks.shift()?.(), patience)).to.equal('seen');
  });

  for (const code of ['EAI_AGAIN', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])
    it(`looks again after ${code}, as of a machine whose network is away`, async () => {
      let away = true;
      const look = async (): Promise<string> => {
        if (!away) return 'seen';
        away = false;
        throw Object.assign(new Error(code), { code });
      };
      expect(await until(look, patience)).to.equal('seen');
    });

  it('throws what no other try changes', async () => {
    const denied = new KubernetesError(403, 'Forbidden', 'no');
    expect(await until(() => Promise.reject(denied), patience).catch((error: unknown) => error)).to.equal(denied);
  });

  it('ends with undefined when the time is up, also while it looks', async () => {
    expect(await until(async () => undefined, { ...patience, within: 10 })).to.equal(undefined);
    const hanging = (attempt: AbortSignal): Promise<undefined> =>
      new Promise((_, reject) => attempt.addEventListener('abort', () => reject(new Error('aborted'))));
    expect(await until(hanging, { ...patience, within: 10 })).to.equal(undefined);
  });

  it('throws the reason of its signal', async () => {
    const controller = new AbortController();
    const waiting = until(async () => undefined, { every: 60_000, within: 120_000, signal: controller.signal });
    controller.abort(new Error('interrupted'));
    expect(await waiting.catch(String)).to.equal('Error: interrupted');
  });
});

describe('persist', () => {
  const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

  it('does it again until it is done', async () => {
    const answers = [() => Promise.reject(broken), () => Promise.resolve('done')];
    expect(await persist(() => answers.shift()!(), undefined, { every: 1, within: 20_000 })).to.equal('done');
  });

  it('throws in the end what no try changed', async () => {
    const tries = persist(() => Promise.reject(broken), undefined, { every: 1, within: 10 });
    expect(await tries.catch((error: unknown) => error)).to.equal(broken);
  });
});
