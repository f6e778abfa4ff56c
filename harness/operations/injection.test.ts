import { expect } from 'chai';
import { embeddedRun } from '../../test/support/embedded-run.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { admitPod, between, cutWebhook, fetchCredentials, granted, startPod, succeeds } from '../index.ts';
import type { ScenarioResult } from '../results/results.ts';
import type { ScenarioSpec } from '../scenario/spec.ts';
import { workload, type ProvisionedCluster } from '../scenario/scenario-context.ts';
import type { RawRequest } from '../kubernetes-client/client.ts';
import { unansweredAdmission, whyUninjected } from './injection.ts';

const HOOK = 'iam-for-pods.amazonaws.com';

describe('webhook calls that failed open', () => {
  const admissionFailures = (...metrics: readonly string[]) => {
    const kubernetes = { raw: async () => ({ status: 200, body: `${metrics.join('\n')}\n` }) };
    const clusters = new Map([['c1' as const, { kubernetes } as unknown as ProvisionedCluster]]);
    const aws = { accountId: () => '111122223333' } as unknown as AwsTarget;
    return unansweredAdmission(aWorld(aScenario(), anEnvironment(aws, { clusters })), 'c1');
  };
  const failedOpen = (count: number, name = HOOK): string =>
    `apiserver_admission_webhook_fail_open_count{name="${name}",type="admitting"} ${count}`;
  const calls = (all: number, inTime: number): string[] => {
    const metric = 'apiserver_admission_webhook_admission_duration_seconds';
    const labels = `name="${HOOK}",operation="CREATE",rejected="false",type="admit"`;
    return [
      `${metric}_bucket{${labels},le="2.5"} 1`,
      `${metric}_bucket{${labels},le="10"} ${inTime}`,
      `${metric}_bucket{${labels},le="+Inf"} ${all}`,
      `${metric}_count{${labels}} ${all}`,
    ];
  };

  it('are not reported if every call was answered', async () => {
    expect(await admissionFailures(failedOpen(0), ...calls(9, 8))).to.equal(undefined);
  });

  it('explain a missing injection if they failed immediately', async () => {
    expect(await admissionFailures(failedOpen(2), failedOpen(1, 'other'), ...calls(9, 9))).to.have.all.keys('why');
    expect((await admissionFailures(failedOpen(2), failedOpen(1, 'other')))?.why).to.contain(
      `fail_open_count: ${HOOK}: 2, other: 1)`,
    );
  });

  it('make the result inconclusive if a call timed out, as on a busy machine', async () => {
    const { unreliableReason, why } = (await admissionFailures(failedOpen(2), ...calls(9, 8))) ?? {};
    expect(unreliableReason).to.contain(`fail_open_count: ${HOOK}: 2)`);
    expect(why).to.equal(undefined);
  });

  describe('for a pod that was not injected', () => {
    const reasonFor = (count: number, env: object[]) => {
      const admitted = JSON.stringify({ spec: { containers: [{ name: 'app', env }] } });
      const raw = async ({ path }: RawRequest) =>
        path === '/metrics' ? { status: 200, body: failedOpen(count) } : { status: 201, body: admitted };
      const cluster = { kubernetes: { raw } } as unknown as ProvisionedCluster;
      const context = aWorld(
        aScenario({ workloads: { red: { role: 'app' } } }),
        anEnvironment({ accountId: () => '111122223333' } as unknown as AwsTarget, {
          clusters: new Map([['c1', cluster]]),
        }),
      );
      return whyUninjected(context, workload(context, 'red'));
    };
    const injected = [{ name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' }];

    it('make the result inconclusive if such a pod is injected now', async () =>
      expect((await reasonFor(2, injected))?.unreliableReason).to.contain('The webhook injects into such pods now'));
    it('explain the result if such a pod is still not injected', async () =>
      expect(await reasonFor(2, [])).to.have.all.keys('why'));
    it('are not reported if no call failed', async () => expect(await reasonFor(0, injected)).to.equal(undefined));
  });
});

describe('a webhook that does not answer the API server', () => {
  const embedded = embeddedRun();
  const run = (id: string, probes: ScenarioSpec['probes']): Promise<ScenarioResult> =>
    embedded.run({ workloads: { red: { role: 'app', starts: 'later' } }, objects: [], probes }, id);
  const lifetimes = succeeds(admitPod('red', {}, { repeat: 2 }), { 'expirationSeconds.least': between(1, 86_400) });

  it('is not the reason while it answers', async () => {
    const wrong = succeeds(admitPod('red'), { injected: 'irsa' });
    const { verdict, reason } = await run('XX-01', [wrong]);
    expect(verdict).to.equal('failed');
    expect(reason).not.to.contain('fail_open');
  });

  it('is the reason of missing facts about admitted pods', async () => {
    const { verdict, reason } = await run('XX-02', [cutWebhook(), lifetimes]);
    expect(verdict).to.equal('failed');
    expect(reason).to.match(
      /: Webhook calls of the API server failed open \(\w+: iam-for-pods\.amazonaws\.com: \d+\), .* expirationSeconds\.least is absent/,
    );
  });

  it('is the reason of a running pod without injection', async () => {
    const { reason } = await run('XX-03', [cutWebhook(), startPod('red'), granted('red', fetchCredentials())]);
    expect(reason).to.match(/Webhook calls of the API server failed open .* observed refused by injection/);
  });
});
