import { expect } from 'chai';
import { KubernetesError } from '../kubernetes/connection.ts';
import { until } from './until.ts';

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
