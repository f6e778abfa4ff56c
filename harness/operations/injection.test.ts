import { expect } from 'chai';
import { embeddedRun } from '../../test/support/embedded-run.ts';
import { admitPod, between, cutWebhook, fetchCredentials, granted, startPod, succeeds } from '../index.ts';
import type { ScenarioResult } from '../report/results.ts';
import type { ScenarioSpec } from '../scenario/spec.ts';

describe('a webhook that gives the API server no answer', () => {
  const embedded = embeddedRun();
  const run = (id: string, probes: ScenarioSpec['probes']): Promise<ScenarioResult> =>
    embedded.run({ workloads: { red: { role: 'app', starts: 'later' } }, objects: [], probes }, id);
  const lifetimes = succeeds(admitPod('red', {}, { repeat: 2 }), { 'expirationSeconds.least': between(1, 86_400) });

  it('is not blamed while it answers', async () => {
    const wrong = succeeds(admitPod('red'), { injected: 'irsa' });
    const { verdict, reason } = await run('XX-01', [wrong]);
    expect(verdict).to.equal('failed');
    expect(reason).not.to.contain('fail_open');
  });

  it('is named where pods are not what it makes of them, in place of a fact that is absent alone', async () => {
    const { verdict, reason } = await run('XX-02', [cutWebhook(), lifetimes]);
    expect(verdict).to.equal('failed');
    expect(reason).to.match(
      /: So far the API server was given no answer \d+ times by iam-for-pods\.amazonaws\.com, and went on without .* expirationSeconds\.least is absent/,
    );
  });

  it('is named where a pod that runs was not injected', async () => {
    const { reason } = await run('XX-03', [cutWebhook(), startPod('red'), granted('red', fetchCredentials())]);
    expect(reason).to.match(/So far the API server was given no answer .* observed refused by injection/);
  });
});
