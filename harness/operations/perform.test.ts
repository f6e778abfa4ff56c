import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EKSClient } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import type { AwsTarget } from '../aws-target/target.ts';
import { admitPod, agentGet, createAssociationFor, createToken, describeAssociation, kubernetesGet } from '../index.ts';
import { podIdentityRole } from '../scenario/policy.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { performOperation } from './perform.ts';
import type { ScenarioContext, ProvisionedCluster } from '../scenario/scenario-context.ts';

interface PerformedResponse {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
}

describe('the result of a harness probe', () => {
  let server: Server;
  /** Sent in turn; the last one is repeated. */
  let answers: readonly [PerformedResponse, ...PerformedResponse[]];
  let eks: EKSClient;

  before(async () => {
    let count = 0;
    server = createServer((_request, response) => {
      const { status, code = '', message = '' } = answers[Math.min(count++, answers.length - 1)] ?? answers[0];
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code });
      response.end(JSON.stringify(status === 200 ? { association: { associationId: 'a-1' } } : { message }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    eks = new EKSClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-west-2',
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    });
  });
  after(() => {
    eks.destroy();
    server.close();
  });

  function worldOf(kubernetes: object = {}, capabilities: readonly string[] = []): ScenarioContext {
    const aws = {
      capabilities: new Set(capabilities),
      name: 'aws',
      region: 'us-west-2',
      accountId: () => '111122223333',
      propagation: undefined,
      clients: () => ({ eks }),
    } as unknown as AwsTarget;
    const cluster = {
      cluster: { name: 'one' },
      workloadImage: 'probe',
      kubernetes,
      pods: { nodesOf: () => new Set() },
    };
    const clusters = new Map([['c1', cluster as unknown as ProvisionedCluster]] as const);
    const spec = { roles: { app: podIdentityRole() }, workloads: { app: {} } };
    return aWorld(aScenario(spec, 'CP-01'), anEnvironment(aws, { clusters }));
  }

  /** Returns the outcome, or the name of the thrown error. */
  const outcome = async (context: ScenarioContext, operation: HarnessOperation, status?: number): Promise<string> => {
    const expectation = status === undefined ? {} : { status };
    return performOperation(context, operation, expectation).then(
      (result) => `${result.outcome} ${result.status}`,
      ({ name }: Error) => `threw ${name}`,
    );
  };

  const describeOne = describeAssociation('a-1');
  const create = createAssociationFor('app/app', { role: 'app' });
  for (const [status, code, operation, expected] of [
    [403, 'ExpiredTokenException', describeOne, 'threw ExpiredTokenException'],
    [403, 'UnrecognizedClientException', describeOne, 'threw UnrecognizedClientException'],
    [403, 'InvalidSignatureException', create, 'threw InvalidSignatureException'],
    [429, 'ThrottlingException', describeOne, 'threw ThrottlingException'],
    [500, 'ServerException', create, 'threw ServerException'],
    [503, 'ServiceUnavailableException', describeOne, 'threw ServiceUnavailableException'],
    [501, 'NotImplemented', describeOne, 'refused 501'],
    [403, 'AccessDeniedException', describeOne, 'refused 403'],
    [404, 'ResourceNotFoundException', describeOne, 'refused 404'],
    [409, 'ResourceInUseException', create, 'refused 409'],
    [400, 'ResourceLimitExceededException', create, 'threw ResourceLimitExceededException'],
  ] as const)
    it(`for ${code} of EKS to ${operation.do}: ${expected}`, async () => {
      answers = [{ status, code }];
      expect(await outcome(worldOf(), operation)).to.equal(expected);
    });

  it('is an error if one of several concurrent calls failed', async () => {
    answers = [{ status: 200 }, { status: 500, code: 'ServerException' }];
    const twice = createAssociationFor('app/app', { role: 'app' }, { atOnce: 2 });
    expect(await outcome(worldOf(), twice)).to.equal('threw ServerException');
  });

  it('is a refusal if a service other than AWS itself fails at every try', async () => {
    answers = [{ status: 500, code: 'InternalFailure', message: 'unknown error' }];
    const met = (capabilities: readonly string[], expectation: object): Promise<string> =>
      performOperation(worldOf({}, capabilities), describeOne, expectation).then(
        (result) => `${result.outcome} ${result.status}`,
        ({ name }: Error) => `threw ${name}`,
      );
    expect(await met([], { outcome: 'granted' })).to.equal('refused 500');
    expect(await met(['sts-of-aws'], { outcome: 'granted' })).to.equal('threw InternalFailure');
    expect(await met([], { outcome: 'refused' })).to.equal('threw InternalFailure');
  }).timeout(20_000);

  const answering = (status: number, reason: string, message = ''): object => ({
    raw: async () => ({ status, body: JSON.stringify({ kind: 'Status', reason, message }), contentType: undefined }),
    listPods: async () => [{ metadata: { name: 'agent' } }],
  });
  const admit = admitPod('app', {});
  const token = createToken('app/app');
  const get = kubernetesGet('/openid/v1/jwks', 'anonymous');
  const agent = agentGet(2703, '/healthz');
  for (const [status, reason, operation, expected] of [
    [500, 'InternalError', admit, 'threw KubernetesError'],
    [503, 'ServiceUnavailable', token, 'threw KubernetesError'],
    [504, 'Timeout', agent, 'threw KubernetesError'],
    [429, 'TooManyRequests', get, 'threw KubernetesError'],
    [401, 'Unauthorized', admit, 'threw KubernetesError'],
    [401, 'Unauthorized', get, 'refused 401'],
    [403, 'Forbidden', token, 'refused 403'],
    [422, 'Invalid', token, 'refused 422'],
  ] as const)
    it(`for ${reason} of the API server to ${operation.do}: ${expected}`, async () => {
      expect(await outcome(worldOf(answering(status, reason)), operation)).to.equal(expected);
    });

  it('is a refusal if the API server fails at every try and another result is expected', async () => {
    const failing = (message: string, ...later: readonly object[]): object => {
      let count = 0;
      const all = [{ reason: 'InternalError', message }, ...later];
      const raw = async () => ({ status: 500, body: JSON.stringify(all[Math.min(count++, all.length - 1)]) });
      return { ...answering(500, ''), raw };
    };
    const met = (kubernetes: object, expectation: object): Promise<string> =>
      performOperation(worldOf(kubernetes), token, expectation).then(
        (result) => `${result.outcome} ${result.status}`,
        ({ name }: Error) => `threw ${name}`,
      );
    const error = 'Internal error occurred: x is null';
    const all = await Promise.all([
      met(failing(error), { outcome: 'granted' }),
      met(failing(error), { outcome: 'refused', code: 'Forbidden' }),
      met(failing(error), { outcome: 'refused' }),
      met(failing('Internal error occurred: etcdserver: request timed out'), { outcome: 'granted' }),
      met(failing(error, { reason: 'InternalError', message: 'another' }), { outcome: 'granted' }),
    ]);
    const thrown = 'threw KubernetesError';
    expect(all).to.deep.equal(['refused 500', 'refused 500', thrown, thrown, thrown]);
  }).timeout(20_000);

  it('is a refusal if the failure is expected', async () => {
    const context = worldOf(answering(503, 'ServiceUnavailable'));
    expect(await outcome(context, get, 503)).to.equal('refused 503');
  });
  it('is a refusal if the webhook fails', async () => {
    const context = worldOf(
      answering(500, 'InternalError', 'Internal error occurred: failed calling webhook "a": EOF'),
    );
    expect(await outcome(context, admit)).to.equal('refused 500');
  });
  it('is a refusal if the agent fails', async () => {
    const context = worldOf(answering(503, 'ServiceUnavailable', 'error trying to reach service: connection refused'));
    expect(await outcome(context, agent)).to.equal('refused 503');
    const itself = { ...answering(0, ''), raw: async () => ({ status: 500, body: 'no', contentType: 'text/plain' }) };
    expect(await outcome(worldOf(itself), agent)).to.equal('refused 500');
  });
});
