import { expect } from 'chai';
import type { AwsTarget } from '../aws-target/target.ts';
import type { EksAuthResponse, PodSession } from '../../aws/eks-auth.ts';
import type { ProvisionedCluster, ScenarioContext } from '../scenario/scenario-context.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { askEksAuth } from './ask-eks-auth.ts';
import { asSession } from './as-session.ts';
import { performOperation } from './perform.ts';
import { getObject } from './s3.ts';

const CREDENTIALS = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' };
const SESSION: PodSession = {
  credentials: CREDENTIALS,
  namespace: 'red',
  serviceAccount: 'app',
  audience: 'pods.eks.amazonaws.com',
  associationId: 'a-1',
  associationArn: 'arn:aws:eks:us-west-2:111122223333:podidentityassociation/one/a-1',
  arn: 'arn:aws:sts::111122223333:assumed-role/app/eks-one-app-1',
  userId: 'AROAEXAMPLE:eks-one-app-1',
  expiration: Date.now() / 1000 + 600,
};

describe('an EKS Auth call of the harness', () => {
  let answer: EksAuthResponse & { readonly session?: PodSession };
  let asked: unknown[][];
  let requests: unknown[];
  beforeEach(() => {
    asked = [];
    requests = [];
  });

  function aWorldOf(): ScenarioContext {
    const aws = {
      region: 'us-west-2',
      accountId: () => '111122223333',
      capabilities: new Set(),
      clientsWith: () => ({}),
      openPodSession: async (...question: unknown[]) => {
        asked.push(question);
        return answer;
      },
    } as unknown as AwsTarget;
    const kubernetes = {
      createPod: async () => ({ metadata: { uid: 'uid-1' } }),
      deletePod: async () => undefined,
      createToken: async (_namespace: string, account: string, request: unknown) => {
        requests.push([account, request]);
        return 'token';
      },
    };
    const cluster = { cluster: { name: 'one' }, workloadImage: 'probe', kubernetes } as unknown as ProvisionedCluster;
    const scenario = aScenario({ workloads: { app: { role: 'app' } } });
    return aWorld(scenario, anEnvironment(aws, { clusters: new Map([['c1', cluster]]) }));
  }

  it('sends a token that is bound to a pod, and keeps the session', async () => {
    answer = { session: SESSION, status: 200, requestId: 'r-1' };
    const context = aWorldOf();
    const left = (): number => Math.round(SESSION.expiration - Date.now() / 1000);
    const most = left();
    const { facts, ...result } = await performOperation(context, askEksAuth('app', { audience: 'other' }), {});
    expect(result).to.deep.equal({ outcome: 'granted', status: 200, requestId: 'r-1' });
    expect(facts).to.include({ roleArn: 'arn:aws:iam::111122223333:role/app', sessionName: 'eks-one-app-1' });
    expect(facts?.['secondsLeft']).to.be.within(left(), most);
    expect(JSON.stringify(facts)).not.to.contain('secret');
    expect(asked).to.deep.equal([['one', 'token', undefined]]);
    const [[account, { audiences, boundPod }]] = requests as [[string, Record<string, { uid: string }>]];
    expect([account, audiences, boundPod?.uid]).to.deep.equal(['app', ['other'], 'uid-1']);
    expect(context.sessions.get('app')?.credentials).to.deep.equal(CREDENTIALS);
  });

  it('returns a refusal with code and status, and keeps no session', async () => {
    answer = { status: 400, code: 'AccessDeniedException', message: 'EKS does not have permissions' };
    const context = aWorldOf();
    const refusal = { outcome: 'refused', layer: 'eks-auth', status: 400, code: 'AccessDeniedException' };
    expect(await performOperation(context, askEksAuth('app'), {})).to.include(refusal);
    expect(await performOperation(context, asSession('app', getObject('data/key')), {})).to.include(refusal);
    expect(asked).to.have.lengthOf(2);
  });

  for (const status of [undefined, 429, 500])
    it(`throws an error for status ${status}`, async () => {
      answer = { code: 'Odd', ...(status !== undefined && { status }) };
      const thrown = await performOperation(aWorldOf(), askEksAuth('app'), {}).catch((error: Error) => error);
      expect(thrown).to.be.an('error').with.property('name', 'Odd');
    });
});
