import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { Resources } from '../../foundation/aws/resources.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { Names } from '../scenario/names.ts';
import { startWorkloadPod } from './workload-pod.ts';
import { workload, type ScenarioContext } from '../scenario/scenario-context.ts';

function worldOf(
  podAnnotations: Readonly<Record<string, string>>,
  kubernetes: object,
  pods: object = {},
): ScenarioContext {
  const scenario = aScenario({ workloads: { red: { role: 'app', podAnnotations } } });
  return {
    scenario,
    names: new Names(scenario, { run: 'crun', accountId: () => '111122223333', cluster: () => undefined }),
    signal: new AbortController().signal,
    resources: new Resources(),
    environment: {
      run: 'crun',
      aws: { region: 'us-west-2', workloadEnvironment: {} },
      clusters: new Map([['c1', { cluster: { name: 'one' }, workloadImage: 'probe', kubernetes, pods }]]),
    },
    injected: new Map(),
  } as unknown as ScenarioContext;
}

/** Returns the requested pod. */
async function manifest(podAnnotations: Readonly<Record<string, string>>): Promise<V1Pod> {
  let asked: V1Pod | undefined;
  const refused = new Error('refused');
  const createPod = async (_namespace: string, pod: V1Pod): Promise<never> => {
    asked = pod;
    throw refused;
  };
  const context = worldOf(podAnnotations, { createPod });
  const failure: unknown = await startWorkloadPod(
    context,
    workload(context, 'red'),
    { groups: [], deferred: false },
    1,
  ).catch((error: unknown) => error);
  expect(failure).to.equal(refused);
  return asked!;
}

describe('the pod of a workload', () => {
  it('is protected from eviction by Karpenter and EKS Auto Mode', async () => {
    const { metadata } = await manifest({ 'example.com/own': 'a' });
    expect(metadata?.annotations).to.include({ 'karpenter.sh/do-not-disrupt': 'true', 'example.com/own': 'a' });
  });

  it('sets no region, so that the webhook adds both variables as in other pods', async () => {
    const names = (await manifest({})).spec?.containers[0]?.env?.map(({ name }) => name);
    expect(names).to.include('PROBE_REGION');
    expect(names).not.to.include('AWS_REGION');
    expect(names).not.to.include('AWS_DEFAULT_REGION');
  });

  it('fails immediately if there are no credentials to read its log', async () => {
    const gone = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    let followed = 0;
    const followLog = async (): Promise<never> => {
      followed += 1;
      throw gone;
    };
    const createPod = async (): Promise<V1Pod> => ({ metadata: { uid: 'uid' } });
    const pods = { started: async () => undefined, ended: () => undefined };
    const context = worldOf({}, { createPod, followLog }, pods);
    const pod = await startWorkloadPod(context, workload(context, 'red'), { groups: [], deferred: false }, 1);
    expect(await pod.reports(0, 1).catch((error: unknown) => error)).to.equal(gone);
    expect(followed).to.equal(1);
  });
});
