import type { V1ContainerStateWaiting, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { KubernetesClient } from './client.ts';
import { watchRunPods } from './pod-watcher.ts';

type PodSeen = Parameters<KubernetesClient['watchPods']>[1];

/** Returns a pod whose only container is in a state. */
const podWith = (state: { waiting?: V1ContainerStateWaiting; running?: object }): V1Pod => ({
  metadata: { namespace: 'shop', name: 'app' },
  status: {
    phase: 'Pending',
    containerStatuses: [{ name: 'probe', image: 'probe:1', imageID: '', ready: false, restartCount: 0, state }],
  },
});

describe('the pods of a run', () => {
  async function watching() {
    let tell: PodSeen = () => undefined;
    const watcher = await watchRunPods(
      {
        watchPods: async (_selector: string, seen: PodSeen) => {
          tell = seen;
          return { stop: () => undefined };
        },
      } as unknown as KubernetesClient,
      'c1a2b3d',
    );
    const started = watcher.started('shop', 'app', 'probe', new AbortController().signal);
    return { started, tell: (pod: V1Pod, deleted = false) => tell(pod, deleted) };
  }

  it('cannot start after their deletion', async () => {
    const { started, tell } = await watching();
    const failure = started.then(
      () => undefined,
      (error: Error) => error.message,
    );
    const pod = podWith({ waiting: { reason: 'ContainerCreating' } });
    tell(pod);
    tell(pod, true);
    expect(await failure).to.equal('Pod shop/app was deleted before it started: find out who deleted it.');
  });

  for (const [reason, message] of [
    ['ErrImagePull', 'pull QPS exceeded'],
    ['ErrImagePull', 'failed to resolve reference "r.example/probe:1": dial tcp 192.0.2.1:443: i/o timeout'],
    ['ImagePullBackOff', 'Back-off pulling image "r.example/probe:1"'],
  ] as const)
    it(`may still start after ${reason}, ${message}`, async () => {
      const { started, tell } = await watching();
      tell(podWith({ waiting: { reason, message } }));
      const running = podWith({ running: {} });
      tell(running);
      expect(await started).to.equal(running);
    });

  for (const [reason, message] of [
    ['ErrImagePull', 'failed to pull and unpack image "r.example/probe:1": r.example/probe:1: not found'],
    ['ErrImagePull', 'pull access denied, repository does not exist or may require authorization'],
    ['ErrImageNeverPull', 'Container image "probe:1" is not present with pull policy of Never'],
    ['InvalidImageName', 'Failed to apply default image tag'],
  ] as const)
    it(`cannot start after ${reason}, ${message}`, async () => {
      const { started, tell } = await watching();
      const failure = started.then(
        () => undefined,
        (error: Error) => error.message,
      );
      tell(podWith({ waiting: { reason, message } }));
      tell(podWith({ running: {} }));
      expect(await failure).to.equal(`Pod shop/app cannot start: ${reason}, ${message}.`);
    });
});
