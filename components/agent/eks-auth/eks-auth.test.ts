import { expect } from 'chai';
import { request as httpRequest } from 'node:http';
import { Bench, get, goodAnswer, HOST, json, newToken, type Respond } from '../../../test/support/agent.ts';

describe("the agent's handling of EKS Auth", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = new Bench();
    await bench.open();
  });

  afterEach(() => bench.close());

  const failures: [what: string, respond: Respond, status: number, body: string | RegExp, calls: number][] = [
    [
      'an exception in the body',
      json(400, { __type: 'ns#AccessDeniedException', message: 'no' }),
      400,
      '[id-1]: (AccessDeniedException): no, fault: client\n',
      1,
    ],
    [
      'different exceptions in header and body, of which the header wins',
      json(404, { code: 'Other', Message: 'gone' }, { 'x-amzn-errortype': 'ResourceNotFoundException:http://x/' }),
      404,
      '[id-1]: (ResourceNotFoundException): gone, fault: client\n',
      1,
    ],
    ['no exception', json(418, ''), 418, '[id-1]: (UnknownError): UnknownError, fault: unknown\n', 1],
    [
      'an exception that is not in the API model',
      json(418, { __type: 'TeapotException', message: 'short and stout' }),
      418,
      '[id-1]: (TeapotException): short and stout, fault: unknown\n',
      1,
    ],
    [
      'a server fault',
      json(500, { __type: 'internalserverexception', message: 'oh' }),
      500,
      '[id-1]: (InternalServerException): oh, fault: server\n',
      3,
    ],
    ['a body that is not JSON', json(403, '<html>'), 403, '[id-1]\n', 1],
    ['status 502', json(502, '<html>'), 502, '[id-1]\n', 3],
    [
      'throttling recognized by name',
      json(400, { message: 'slow' }, { 'x-amzn-errortype': 'ThrottlingException' }),
      400,
      '[id-1]: (ThrottlingException): slow, fault: client\n',
      3,
    ],
    [
      'a closed connection',
      (response) => response.destroy(),
      500,
      /AssumeRoleForPodIdentity, https response error: Post "http:\/\/127\.0\.0\.1:\d+\/clusters\/c1\/assume-role-for-pod-identity": EOF\n$/,
      3,
    ],
    [
      'an invalid role ARN',
      json(200, { ...goodAnswer(1), assumedRoleUser: { arn: 'x', assumeRoleId: 'y' } }),
      500,
      'error getting credentials to cache: unable to parse arn from assumed role: arn: invalid prefix\n',
      1,
    ],
  ];
  for (const [what, answer, status, body, expectedCalls] of failures) {
    it(`reports a response with ${what}`, async () => {
      const agent = await bench.start();
      bench.respond = answer;
      const came = await get(agent);
      expect(came.status).to.equal(status);
      if (typeof body === 'string') expect(came.body).to.equal(body);
      else expect(came.body).to.match(body);
      expect(came.headers['content-type']).to.equal('text/plain; charset=utf-8');
      expect(bench.calls).to.have.length(expectedCalls);
    });
  }

  it('reports that EKS Auth refuses connections', async () => {
    const agent = await bench.start({ endpoint: 'http://127.0.0.1:1' });
    const { status, body } = await get(agent);
    expect(status).to.equal(500);
    expect(body).to.contain('dial tcp 127.0.0.1:1: connect: connection refused\n');
  });

  it('drops the connection when the real agent would panic, and continues to serve', async () => {
    const agent = await bench.start();
    bench.respond = json(200, { ...goodAnswer(1), podIdentityAssociation: null });
    const failure = await get(agent).catch((error: NodeJS.ErrnoException) => error);
    expect(failure).to.have.property('code', 'ECONNRESET');
    bench.respond = json(200, goodAnswer(2));
    expect((await get(agent)).status).to.equal(200);
  });

  it('cancels its call of EKS Auth when the caller disconnects', async () => {
    const agent = await bench.start();
    const cancelled = new Promise<void>((resolve) => {
      bench.respond = (response) => response.on('close', resolve);
    });
    const called = new Promise<void>((resolve) => bench.eksAuth.once('request', () => resolve()));
    const request = httpRequest(`${agent.urls[0] ?? ''}/v1/credentials`, {
      headers: { host: HOST, authorization: newToken() },
    });
    request.on('error', () => undefined);
    request.end();
    await called;
    request.destroy();
    await cancelled;
    expect(bench.calls).to.have.length(1);
  });
});
