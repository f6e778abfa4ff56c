import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { AwsTarget } from '../aws-target/target.ts';
import type { RawAnswer, RawRequest } from '../kubernetes-client/client.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { awaitAdmission, isInjected } from './admission.ts';
import { createOnceInjected } from './admitted-pod.ts';
import {
  notesOn,
  accountKey,
  workload,
  type ScenarioContext,
  type ProvisionedCluster,
} from '../scenario/scenario-context.ts';

/** Returns a cluster whose API servers answer in turn. `injects`: whether the webhook of each injects. */
function clusterOf(name: 'aws' | 'endpoint', ...injects: readonly boolean[]) {
  const admitted: string[] = [];
  const deleted: string[] = [];
  const connections: unknown[] = [];
  const admit = (pod: V1Pod): V1Pod => {
    const env = injects[admitted.length % injects.length] ? [{ name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI' }] : [];
    admitted.push(pod.metadata?.name ?? '');
    return { metadata: { ...pod.metadata, uid: 'u' }, spec: { containers: [{ name: 'app', env }] } };
  };
  const kubernetes = {
    createPod: async (_namespace: string, pod: V1Pod): Promise<V1Pod> => admit(pod),
    raw: async ({ body, headers }: RawRequest): Promise<RawAnswer> => {
      connections.push(headers?.['connection']);
      return { status: 201, body: JSON.stringify(admit(body as V1Pod)), contentType: undefined };
    },
    deletePod: async (_namespace: string, pod: string) => void deleted.push(pod),
  };
  const aws = {
    name,
    region: 'us-west-2',
    accountId: () => '111122223333',
    propagation: { boundSeconds: 30, waitForIam: async () => undefined },
  } as unknown as AwsTarget;
  const clusters = new Map([['c1', { workloadImage: 'probe', kubernetes } as unknown as ProvisionedCluster]] as const);
  const context = aWorld(aScenario({ workloads: { red: { role: 'app' } } }), anEnvironment(aws, { clusters }));
  return { context, admitted, deleted, connections };
}

const create = (context: ScenarioContext): ReturnType<typeof createOnceInjected> =>
  createOnceInjected(context, workload(context, 'red'), 'red-1', (name) => ({ metadata: { name } }));

describe('a pod on a cluster with several API servers', () => {
  it('is recreated with a note if an outdated API server did not inject it', async () => {
    const { context, admitted, deleted } = clusterOf('endpoint', false, true, true, true);
    context.injected.set(accountKey(workload(context, 'red')), true);
    expect(await create(context)).to.deep.equal({ name: 'red-1-again1', uid: 'u' });
    expect(deleted).to.deep.equal(['red-1']);
    expect(admitted.filter((name) => !name.endsWith('-look'))).to.deep.equal(['red-1', 'red-1-again1']);
    expect(notesOn(context, 'red').join()).to.contain('pod red-1 was not injected for Pod Identity, unlike others');
  });
  it('is recreated if an outdated API server injected it after a deletion', async () => {
    const { context, deleted } = clusterOf('endpoint', true, false, false, false);
    context.injected.set(accountKey(workload(context, 'red')), false);
    expect((await create(context)).name).to.equal('red-1-again1');
    expect(deleted).to.deep.equal(['red-1']);
  });
  it('is kept if all API servers treat it alike', async () => {
    const { context, deleted } = clusterOf('endpoint', false);
    context.injected.set(accountKey(workload(context, 'red')), true);
    expect((await create(context)).name).to.equal('red-1');
    expect(deleted).to.deep.equal([]);
  });
  it('is kept if no injection was observed before', async () => {
    const { context, admitted } = clusterOf('endpoint', false, true);
    expect((await create(context)).name).to.equal('red-1');
    expect(admitted).to.deep.equal(['red-1']);
  });
});

describe('awaitAdmission', () => {
  const wait = async (cluster: ReturnType<typeof clusterOf>, milliseconds: number): Promise<boolean> =>
    awaitAdmission(cluster.context, workload(cluster.context, 'red'), isInjected, { milliseconds });

  it('requires agreement of all API servers on AWS, over separate connections', async () => {
    const cluster = clusterOf('aws', true);
    expect(await wait(cluster, 30_000)).to.equal(true);
    expect(cluster.connections)
      .to.have.length(5)
      .and.to.satisfy((all: unknown[]) => all.every((one) => one === 'close'));
  });
  it('returns false on AWS while one API server is outdated', async () =>
    expect(await wait(clusterOf('aws', true, true, true, false), 1)).to.equal(false));
  it('needs a single request elsewhere', async () => {
    const cluster = clusterOf('endpoint', true);
    expect(await wait(cluster, 30_000)).to.equal(true);
    expect(cluster.connections).to.deep.equal([undefined]);
  });
});
