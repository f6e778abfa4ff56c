import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../clients/javascript/index.ts';
import { embeddedHost } from '../../clusters/embedded/host.ts';
import { provision } from '../../test/support/provision.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { Provisioned } from '../engine/environment.ts';
import { hostedPlatform } from '../engine/platform.ts';
import { runScenario } from '../engine/scenario.ts';
import { admitPod, between, cutWebhook, fetchCredentials, granted, startPod, succeeds } from '../index.ts';
import type { ScenarioResult } from '../report/results.ts';
import type { ScenarioSpec } from '../scenario/spec.ts';

describe('a webhook that gives the API server no answer', function () {
  this.timeout(60_000);

  let directory: string;
  let provisioned: Provisioned;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'webhook-failures-'));
    const host = await embeddedHost({ run: 'c1a2b3d', directory, workload: JAVASCRIPT, faults: [] });
    const platform = await hostedPlatform(host, { run: 'c1a2b3d', seed: '0', faults: [] });
    provisioned = await provision(platform, 'c1a2b3d');
  });
  after(async () => {
    await provisioned.teardown();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = (id: string, probes: ScenarioSpec['probes']): Promise<ScenarioResult> =>
    runScenario(aScenario({ workloads: { red: { role: 'app', starts: 'later' } }, objects: [], probes }, id), {
      environment: provisioned.environment,
      available: provisioned.capabilities,
      timeoutMilliseconds: 50_000,
      retries: 0,
      signal: new AbortController().signal,
      keep: 'never',
      diagnostics: { directory, interrupted: new AbortController().signal },
    });
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
