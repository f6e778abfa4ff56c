import { createServer, type IncomingMessage, type Server } from 'node:http';
import { expect } from 'chai';
import { regionalEksAuth } from '../clusters/eks/index.ts';
import { listen, stopServer } from '../foundation/node/listen.ts';
import { startEmulator } from '../emulator/index.ts';
import { callCounter, type CallCounter } from './call-counter.ts';
import { askEksAuth } from './eks-auth.ts';

const TOKEN = 'header.claims.signature';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/app/eks-blue-app-0f0c8bcf';

describe('a call to EKS Auth', () => {
  let server: Server;
  let answer: { status: number; body: string; headers?: Record<string, string> };
  let requests: { request: IncomingMessage; body: string }[];
  let counter: CallCounter;
  let turns: number;
  beforeEach(() => {
    requests = [];
    counter = callCounter();
    turns = 0;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        requests.push({ request, body: Buffer.concat(chunks).toString() });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  });
  afterEach(() => stopServer(server));

  const ask = async (endpoint?: string) =>
    askEksAuth(
      {
        region: 'us-west-2',
        endpoint: endpoint ?? `http://127.0.0.1:${await listen(server)}`,
        credentials: async () => ({ accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' }),
        counter,
        limiter: { turn: async () => void (turns += 1) },
      },
      'blue',
      TOKEN,
    );

  it('returns the role without the credentials', async () => {
    const credentials = { accessKeyId: 'ASIAOTHER', secretAccessKey: 'sEcReT', sessionToken: 'tOkEn', expiration: 1 };
    answer = { status: 200, body: JSON.stringify({ assumedRoleUser: { arn: SESSION }, credentials }) };
    expect(await ask()).to.deep.equal({ status: 200, roleArn: 'arn:aws:iam::111122223333:role/app' });
    const [{ request, body }] = requests as [(typeof requests)[number]];
    expect(`${request.method} ${request.url}`).to.equal('POST /clusters/blue/assume-role-for-pod-identity');
    expect(JSON.parse(body)).to.deep.equal({ token: TOKEN });
    expect(request.headers.authorization).to.match(/ASIAEXAMPLE\/\d{8}\/us-west-2\/eks-auth\/aws4_request/);
    expect(request.headers['x-amz-security-token']).to.equal('session');
    expect(counter.counts().byOperation).to.deep.equal({ 'eks-auth:AssumeRoleForPodIdentity': 1 });
    expect(turns).to.equal(1);
  });

  for (const [what, headers, body] of [
    ['in a header', { 'x-amzn-errortype': 'InvalidTokenException:http://internal/' }, { message: 'no' }],
    ['in the body', {}, { __type: 'com.amazon.eks#InvalidTokenException', Message: 'no' }],
  ] as const)
    it(`returns an error code ${what}`, async () => {
      answer = { status: 400, headers, body: JSON.stringify(body) };
      expect(await ask()).to.deep.equal({ status: 400, code: 'InvalidTokenException', message: 'no' });
    });

  it('redacts the token in messages', async () => {
    answer = { status: 400, body: JSON.stringify({ __type: 'X', message: `bad ${TOKEN}` }) };
    expect(JSON.stringify(await ask())).not.to.include(TOKEN);
  });

  it('returns the status of an answer that is not from EKS Auth', async () => {
    answer = { status: 502, body: '<html>' };
    expect(await ask()).to.deep.equal({ status: 502, code: 'HTTP 502' });
  });

  it('counts throttled calls', async () => {
    answer = { status: 429, body: JSON.stringify({ __type: 'ThrottlingException' }) };
    await ask();
    expect(counter.counts()).to.include({ total: 1, throttled: 1 });
  });

  it('returns network errors instead of rejecting', async () => {
    const closed = `http://127.0.0.1:${await listen(server)}`;
    await stopServer(server);
    expect(await ask(closed)).to.deep.equal({
      code: 'ECONNREFUSED',
      message: `EKS Auth at ${closed} does not answer.`,
    });
    expect(counter.counts().total).to.equal(1);
  });

  it('has a signature that the emulator accepts', async () => {
    const emulator = await startEmulator();
    const { endpoint, region, administrator } = emulator;
    const options = { endpoint, region, credentials: async () => administrator as never, counter };
    const given = await askEksAuth({ ...options, limiter: { turn: async () => undefined } }, 'blue', 'no-token');
    await emulator.close();
    expect(given).to.include({ status: 400, code: 'InvalidParameterException' });
  });

  it('uses the dual-stack host of the region', () => {
    expect(regionalEksAuth('eu-west-1')).to.equal('https://eks-auth.eu-west-1.api.aws');
    expect(regionalEksAuth('cn-north-1')).to.equal('https://eks-auth.cn-north-1.api.amazonwebservices.com.cn');
  });
});
