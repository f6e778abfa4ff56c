import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { aScenario } from '../testing/scenarios.ts';
import { Names } from './names.ts';
import { startWorkloadPod } from './workload-pod.ts';
import { workload, type ScenarioWorld } from './world.ts';

/** The pod that is asked for. */
async function manifest(podAnnotations: Readonly<Record<string, string>>): Promise<V1Pod> {
  const scenario = aScenario({ workloads: { red: { role: 'app', podAnnotations } } });
  let asked: V1Pod | undefined;
  const refused = new Error('not today');
  const createPod = async (_namespace: string, pod: V1Pod): Promise<never> => {
    asked = pod;
    throw refused;
  };
  const world = {
    scenario,
    names: new Names(scenario, { run: 'crun', accountId: () => '111122223333', cluster: () => undefined }),
    signal: new AbortController().signal,
    environment: {
      run: 'crun',
      aws: { region: 'us-west-2', workloadEnvironment: {} },
      sites: new Map([['c1', { cluster: { name: 'one' }, probeImage: 'probe', kubernetes: { createPod } }]]),
    },
  } as unknown as ScenarioWorld;
  const failure: unknown = await startWorkloadPod(
    world,
    workload(world, 'red'),
    { groups: [], heldBack: false },
    1,
  ).catch((error: unknown) => error);
  expect(failure).to.equal(refused);
  return asked!;
}

describe('the pod of a workload', () => {
  it('is not evicted by Karpenter or EKS Auto Mode, whose nodes come and go', async () => {
    const { metadata } = await manifest({ 'example.com/own': 'a' });
    expect(metadata?.annotations).to.include({ 'karpenter.sh/do-not-disrupt': 'true', 'example.com/own': 'a' });
  });
});
