import { expect } from 'chai';
import { testCloud, type TestCloud } from '../../test/support/emulator/eks.ts';

describe('malformed EKS requests', () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await testCloud();
  });
  afterEach(() => cloud.close());

  const cases: readonly [method: string, path: string, body: string, status: number, type: string][] = [
    ['GET', '/', '', 404, 'UnknownOperationException'],
    ['PUT', '/clusters', '', 404, 'UnknownOperationException'],
    ['GET', '/clusters//addons', '', 404, 'UnknownOperationException'],
    ['GET', '/clusters/%E0%A4%A', '', 404, 'UnknownOperationException'],
    ['GET', '/clusters/../x', '', 404, 'UnknownOperationException'],
    ['GET', '/clusters/__proto__', '', 404, 'ResourceNotFoundException'],
    ['POST', '/clusters', '', 400, 'InvalidParameterException'],
    ['POST', '/clusters', '{', 400, 'SerializationException'],
    ['POST', '/clusters', '[]', 400, 'SerializationException'],
    ['POST', '/clusters', '[['.repeat(100_000), 400, 'SerializationException'],
    ['POST', '/clusters', '{"name": 1}', 400, 'SerializationException'],
    ['POST', '/clusters', '{"name": "b", "tags": []}', 400, 'SerializationException'],
    ['POST', '/clusters', '{"name": "b", "tags": {"a": 1}}', 400, 'SerializationException'],
    ['POST', '/clusters', '{"name": "b", "tags": {"__proto__": "x"}}', 400, 'InvalidParameterException'],
  ];
  for (const [method, path, body, status, type] of cases) {
    it(`${method} ${path} ${body.slice(0, 40)} returns ${status} ${type}`, async () => {
      const answer = await cloud.send('eks', { method, path, body: Buffer.from(body) });
      expect([answer.status, answer.errorType]).to.deep.equal([status, type]);
      expect(answer.body.message).to.be.a('string');
      expect(answer.headers['x-amzn-requestid']).to.be.a('string');
    });
  }
  it('unsigned calls are rejected', async () => {
    const answer = await cloud.send('eks', { path: '/clusters', caller: undefined });
    expect([answer.status, answer.errorType]).to.deep.equal([403, 'MissingAuthenticationTokenException']);
  });
});
