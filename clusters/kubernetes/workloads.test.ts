import { AppsV1Api, BatchV1Api, CoreV1Api, KubeConfig, NetworkingV1Api } from '@kubernetes/client-node';
import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { startCluster, type Cluster } from '../../test/support/cluster.ts';

const namespace = 'default';

describe('workloads of an in-process cluster', () => {
  let cluster: Cluster;
  let core: CoreV1Api;
  let apps: AppsV1Api;
  let batch: BatchV1Api;
  let networking: NetworkingV1Api;
  before(async () => {
    cluster = await startCluster({ images: new Map([['shell', { entrypoint: ['/bin/sh', '-c'] }]]) });
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    apps = config.makeApiClient(AppsV1Api);
    batch = config.makeApiClient(BatchV1Api);
    networking = config.makeApiClient(NetworkingV1Api);
  });
  after(() => cluster.close());

  const template = (app: string, script: string, restartPolicy = 'Always') => ({
    metadata: { labels: { app } },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: 'shell', args: [script] }],
    },
  });
  const pods = async (labelSelector: string): Promise<V1Pod[]> =>
    (await core.listNamespacedPod({ namespace, labelSelector })).items;
  const names = (found: readonly V1Pod[]): string[] => found.map(({ metadata }) => metadata?.name ?? '');
  async function until<T>(look: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
    for (;;) {
      const value = await look();
      if (wanted(value)) return value;
      await pause(20);
    }
  }
  const refusal = async (call: Promise<unknown>): Promise<{ code: number; message: string }> => {
    const error = (await call.then(
      () => undefined,
      (reason: unknown) => reason,
    )) as { code: number; body: string };
    return { code: error.code, message: (JSON.parse(error.body) as { message: string }).message };
  };

  describe('Deployment', () => {
    const deployment = (app: string, script: string, replicas = 2, strategy?: object) => ({
      metadata: { name: app },
      spec: {
        replicas,
        selector: { matchLabels: { app } },
        template: template(app, script),
        ...(strategy && { strategy }),
      },
    });
    const available = (name: string, wanted: number) =>
      until(
        () => apps.readNamespacedDeployment({ namespace, name }),
        ({ status, metadata }) =>
          (status?.availableReplicas ?? 0) === wanted &&
          status?.replicas === wanted &&
          status.updatedReplicas === wanted &&
          status.observedGeneration === metadata?.generation,
      );

    it('runs its pods, replaces a deleted one, and is deleted with its pods', async () => {
      await apps.createNamespacedDeployment({ namespace, body: deployment('web', 'exec sleep 600') });
      const { status } = await available('web', 2);
      expect(status?.conditions?.map(({ type, status: is }) => `${type} ${is}`)).to.include('Available True');
      const [first = ''] = names(await pods('app=web'));
      expect(first).to.match(/^web-[0-9a-f]{10}-[a-z0-9]{5}$/);
      await core.deleteNamespacedPod({ namespace, name: first });
      const later = await until(
        () => pods('app=web'),
        (found) => found.length === 2 && !names(found).includes(first),
      );
      expect(later[0]?.metadata?.ownerReferences?.[0]).to.include({ kind: 'ReplicaSet', controller: true });
      await apps.deleteNamespacedDeployment({ namespace, name: 'web' });
      await until(
        () => pods('app=web'),
        (found) => found.length === 0,
      );
      const sets = await apps.listNamespacedReplicaSet({ namespace, labelSelector: 'app=web' });
      expect(sets.items).to.deep.equal([]);
    });

    for (const strategy of ['RollingUpdate', 'Recreate']) {
      it(`rolls out a new template and scales (${strategy})`, async () => {
        const app = strategy.toLowerCase();
        const body = deployment(app, 'exec sleep 600', 2, { type: strategy });
        await apps.createNamespacedDeployment({ namespace, body });
        await available(app, 2);
        const before = names(await pods(`app=${app}`));
        const next = deployment(app, 'exec sleep 700', 3, { type: strategy });
        await apps.replaceNamespacedDeployment({ namespace, name: app, body: next });
        await available(app, 3);
        const now = await until(
          () => pods(`app=${app}`),
          (found) => found.length === 3,
        );
        expect(names(now).filter((name) => before.includes(name))).to.deep.equal([]);
        expect(now[0]?.spec?.containers[0]?.args).to.deep.equal(['exec sleep 700']);
        await apps.replaceNamespacedDeployment({
          namespace,
          name: app,
          body: { ...next, spec: { ...next.spec, replicas: 0 } },
        });
        await until(
          () => pods(`app=${app}`),
          (found) => found.length === 0,
        );
      });
    }

    it('stays within maxSurge and maxUnavailable, and counts pods after minReadySeconds', async () => {
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
      const body = (script: string) => {
        const made = deployment('careful', script, 3, strategy);
        return { ...made, spec: { ...made.spec, minReadySeconds: 1 } };
      };
      await apps.createNamespacedDeployment({ namespace, body: body('exec sleep 600') });
      await available('careful', 3);
      await apps.replaceNamespacedDeployment({ namespace, name: 'careful', body: body('exec sleep 700') });
      const seen: { replicas: number; available: number }[] = [];
      await until(
        () => apps.readNamespacedDeployment({ namespace, name: 'careful' }),
        ({ status, metadata }) => {
          seen.push({ replicas: status?.replicas ?? 0, available: status?.availableReplicas ?? 0 });
          return (
            status?.updatedReplicas === 3 &&
            status.replicas === 3 &&
            status.availableReplicas === 3 &&
            status.observedGeneration === metadata?.generation
          );
        },
      );
      expect(Math.max(...seen.map(({ replicas }) => replicas))).to.equal(4);
      expect(Math.min(...seen.map((status) => status.available))).to.equal(3);
      await apps.deleteNamespacedDeployment({ namespace, name: 'careful' });
    });

    for (const [rollingUpdate, sentence] of [
      [{ maxSurge: 0, maxUnavailable: '0%' }, 'may not be 0 when `maxSurge` is 0'],
      [{ maxSurge: 'some' }, 'must be a whole number of pods, or a percentage such as 25%'],
    ] as const) {
      it(`is rejected with rollingUpdate ${JSON.stringify(rollingUpdate)}`, async () => {
        const body = deployment('wrong', 'true', 1, { type: 'RollingUpdate', rollingUpdate });
        const { code, message } = await refusal(apps.createNamespacedDeployment({ namespace, body }));
        expect(code).to.equal(422);
        expect(message).to.contain(sentence);
      });
    }

    it('reports in an event why it cannot create pods, and can be deleted without its dependents', async () => {
      const body = deployment('accountless', 'exec sleep 600', 1);
      Object.assign(body.spec.template.spec, { serviceAccountName: 'missing' });
      await apps.createNamespacedDeployment({ namespace, body });
      const { items } = await until(
        () => core.listNamespacedEvent({ namespace, fieldSelector: 'reason=FailedCreate' }),
        (found) => found.items.length > 0,
      );
      expect(items[0]?.message).to.contain('serviceaccount "missing" not found');
      await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'missing' } } });
      await available('accountless', 1);
      await apps.deleteNamespacedDeployment({ namespace, name: 'accountless', propagationPolicy: 'Orphan' });
      const sets = await apps.listNamespacedReplicaSet({ namespace, labelSelector: 'app=accountless' });
      expect(sets.items).to.have.length(1);
      expect(sets.items[0]?.metadata?.ownerReferences ?? []).to.deep.equal([]);
      await apps.deleteCollectionNamespacedReplicaSet({ namespace });
    });

    it('is rejected if its selector does not match its pods', async () => {
      const body = { ...deployment('odd', 'true'), metadata: { name: 'odd' } };
      body.spec.selector.matchLabels = { app: 'even' };
      const { code, message } = await refusal(apps.createNamespacedDeployment({ namespace, body }));
      expect(code).to.equal(422);
      expect(message).to.contain('`selector` does not match template `labels`');
    });
  });

  describe('Job', () => {
    const job = (name: string, script: string, spec: object = {}, restartPolicy = 'Never') => ({
      metadata: { name },
      spec: { ...spec, template: template(name, script, restartPolicy) },
    });
    const finished = (name: string) =>
      until(
        () => batch.readNamespacedJob({ namespace, name }),
        ({ status }) => status?.conditions?.some(({ status: is }) => is === 'True') === true,
      );
    const result = async (name: string): Promise<string> => {
      const { status } = await finished(name);
      const [condition] = status?.conditions ?? [];
      return `${condition?.type} ${condition?.reason}, ${status?.succeeded ?? 0} succeeded, ${status?.failed ?? 0} failed`;
    };

    it('runs to completion, and its selector matches its pods', async () => {
      await batch.createNamespacedJob({ namespace, body: job('once', 'echo done') });
      expect(await result('once')).to.equal('Complete CompletionsReached, 1 succeeded, 0 failed');
      const { spec } = await batch.readNamespacedJob({ namespace, name: 'once' });
      const [[key, value] = ['', '']] = Object.entries(spec?.selector?.matchLabels ?? {});
      const [name = ''] = names(await pods(`${key}=${value}`));
      expect(await core.readNamespacedPodLog({ namespace, name })).to.equal('done\n');
      await batch.deleteNamespacedJob({ namespace, name: 'once' });
      await until(
        () => pods('app=once'),
        (found) => found.length === 0,
      );
    });

    it('gives each pod its index in completionMode Indexed, within parallelism', async () => {
      const spec = { completions: 5, parallelism: 2, completionMode: 'Indexed' };
      await batch.createNamespacedJob({
        namespace,
        body: job('indexed', 'echo $JOB_COMPLETION_INDEX of $HOSTNAME', spec),
      });
      let most = 0;
      const done = await until(
        async () => {
          const { status } = await batch.readNamespacedJob({ namespace, name: 'indexed' });
          most = Math.max(most, status?.active ?? 0);
          return status;
        },
        (status) => status?.completionTime !== undefined,
      );
      expect(done?.completedIndexes).to.equal('0-4');
      expect(most).to.be.within(1, 2);
      const logs = (await pods('app=indexed')).map(({ metadata }) =>
        core.readNamespacedPodLog({ namespace, name: metadata?.name ?? '' }),
      );
      const expected = [0, 1, 2, 3, 4].map((index) => `${index} of indexed-${index}\n`);
      expect((await Promise.all(logs)).sort()).to.deep.equal(expected);
    });

    it('fails at its backoff limit and at its deadline', async () => {
      await batch.createNamespacedJob({ namespace, body: job('broken', 'exit 3', { backoffLimit: 0 }) });
      expect(await result('broken')).to.equal('Failed BackoffLimitExceeded, 0 succeeded, 1 failed');
      await batch.createNamespacedJob({ namespace, body: job('slow', 'exec sleep 600', { activeDeadlineSeconds: 1 }) });
      expect(await result('slow')).to.equal('Failed DeadlineExceeded, 0 succeeded, 0 failed');
    });

    it('does not retry a failed index, but continues with the others', async () => {
      const spec = { completions: 3, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 0 };
      await batch.createNamespacedJob({ namespace, body: job('some', 'exit $((JOB_COMPLETION_INDEX % 2))', spec) });
      expect(await result('some')).to.equal('Failed FailedIndexes, 2 succeeded, 1 failed');
      const { status } = await batch.readNamespacedJob({ namespace, name: 'some' });
      expect(status).to.include({ completedIndexes: '0,2', failedIndexes: '1' });
    });

    it('waits while it is suspended, and is deleted after ttlSecondsAfterFinished', async () => {
      const spec = { suspend: true, ttlSecondsAfterFinished: 0 };
      const body = job('later', 'true', spec);
      await batch.createNamespacedJob({ namespace, body });
      expect((await finished('later')).status?.conditions?.[0]?.type).to.equal('Suspended');
      expect(await pods('app=later')).to.deep.equal([]);
      const current = await batch.readNamespacedJob({ namespace, name: 'later' });
      if (current.spec) current.spec.suspend = false;
      await batch.replaceNamespacedJob({ namespace, name: 'later', body: current });
      await until(
        async () => (await batch.listNamespacedJob({ namespace })).items.map(({ metadata }) => metadata?.name),
        (found) => !found.includes('later'),
      );
    });

    it('is rejected with unsupported fields', async () => {
      const spec = { podFailurePolicy: { rules: [] } };
      const policy = await refusal(batch.createNamespacedJob({ namespace, body: job('x', 'true', spec) }));
      expect([policy.code, policy.message]).to.deep.equal([
        422,
        'Job.batch "x" is invalid: spec.podFailurePolicy: Forbidden: this cluster does not support it; leave it out',
      ]);
      const always = await refusal(batch.createNamespacedJob({ namespace, body: job('x', 'true', {}, 'Always') }));
      expect(always.message).to.contain('supported values: "OnFailure", "Never"');
    });
  });

  it('of unsupported kinds are rejected with an alternative', async () => {
    const selector = { matchLabels: { app: 'db' } };
    const spec = { serviceName: 'db', selector, template: template('db', 'true') };
    const body = { metadata: { name: 'db' }, spec };
    const set = await refusal(apps.createNamespacedStatefulSet({ namespace, body }));
    expect(set.code).to.equal(501);
    expect(set.message).to.equal(
      'this cluster does not support statefulsets.apps: it has no persistent volumes and no DNS names for pods; use a Deployment',
    );
    const jobTemplate = { spec: { template: template('c', 'true', 'Never') } };
    const cron = await refusal(
      batch.createNamespacedCronJob({
        namespace,
        body: { metadata: { name: 'c' }, spec: { schedule: '* * * * *', jobTemplate } },
      }),
    );
    expect(cron.message).to.contain('create the Job itself');
  });

  it('report refused pods in a condition of the ReplicaSet, until they are created', async () => {
    const spec = { ...template('late', 'exec sleep 600').spec, serviceAccountName: 'late' };
    const body = {
      metadata: { name: 'late' },
      spec: { selector: { matchLabels: { app: 'late' } }, template: { metadata: { labels: { app: 'late' } }, spec } },
    };
    const status = async () => (await apps.readNamespacedReplicaSet({ namespace, name: 'late' })).status;
    await apps.createNamespacedReplicaSet({ namespace, body });
    const { conditions } = (await until(status, (now) => now?.conditions !== undefined))!;
    expect(conditions).to.have.length(1);
    expect(conditions![0]).to.include({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' });
    expect(conditions![0]!.message).to.contain('serviceaccount "late" not found');
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'late' } } });
    expect((await until(status, (now) => now?.replicas === 1))?.conditions).to.equal(undefined);
  });

  it('include NetworkPolicies, which are stored without effect', async () => {
    const body = { metadata: { name: 'closed' }, spec: { podSelector: {}, policyTypes: ['Egress'] } };
    await networking.createNamespacedNetworkPolicy({ namespace, body });
    const { items } = await networking.listNetworkPolicyForAllNamespaces();
    expect(items.map(({ metadata, spec }) => [metadata?.name, spec?.policyTypes])).to.deep.equal([
      ['closed', ['Egress']],
    ]);
  });

  it('include a DaemonSet, whose pod is replaced when the template changes', async () => {
    const body = (script: string) => ({
      metadata: { name: 'each' },
      spec: { selector: { matchLabels: { app: 'each' } }, template: template('each', script) },
    });
    const running = (script: string) =>
      until(
        () => pods('app=each'),
        ([pod, ...others]) =>
          others.length === 0 && pod?.status?.phase === 'Running' && pod.spec?.containers[0]?.args?.[0] === script,
      );
    await apps.createNamespacedDaemonSet({ namespace, body: body('exec sleep 600') });
    await running('exec sleep 600');
    await apps.replaceNamespacedDaemonSet({ namespace, name: 'each', body: body('exec sleep 700') });
    await running('exec sleep 700');
    const { status } = await until(
      () => apps.readNamespacedDaemonSet({ namespace, name: 'each' }),
      ({ status: now }) => now?.numberReady === 1,
    );
    expect(status).to.include({ desiredNumberScheduled: 1, observedGeneration: 2 });
  });
});
