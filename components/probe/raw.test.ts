import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { diagnoseMissingCredentials, watchRequests } from './diagnose.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { inconclusiveReason } from '../../harness/verdict/reliability.ts';
import { assumeRoleWithWebIdentity, fetchCredentials, resultOfAgentAnswer } from './raw.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

const secrets = { AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'the secret', Token: 'the session token' };
const credentials = (more: object = {}): string =>
  JSON.stringify({
    ...secrets,
    AccountId: '111122223333',
    Expiration: new Date(Date.now() + 3600_000).toISOString(),
    ...more,
  });

describe("an agent's answer", () => {
  const table: readonly (readonly [string, number, string, Partial<ProbeResult>])[] = [
    ['credentials', 200, credentials(), { outcome: 'granted', status: 200 }],
    ['text that is not JSON', 200, 'hello', { outcome: 'refused', layer: 'agent', code: 'NoCredentialsInAnswer' }],
    ['null', 200, 'null', { outcome: 'refused', layer: 'agent', code: 'NoCredentialsInAnswer' }],
    ['JSON without credentials', 200, '{"a":1}', { outcome: 'refused', layer: 'agent', code: 'NoCredentialsInAnswer' }],
    [
      "the agent's own error",
      400,
      'no token\n',
      { outcome: 'refused', layer: 'agent', code: '400', message: 'no token' },
    ],
    [
      "EKS Auth's error",
      400,
      '[r-1]: (AccessDeniedException): not, with: (brackets), fault: client\n',
      {
        outcome: 'refused',
        layer: 'eks-auth',
        code: 'AccessDeniedException',
        requestId: 'r-1',
        message: 'not, with: (brackets)',
      },
    ],
    ['a refused connection', 0, 'ECONNREFUSED', { outcome: 'refused', layer: 'agent', code: 'ECONNREFUSED' }],
  ];
  for (const [what, status, body, expected] of table)
    it(`with ${what} is ${expected.outcome}${expected.layer ? ` by ${expected.layer}` : ''}`, () => {
      const result = resultOfAgentAnswer({ status, contentType: undefined, body });
      expect(result).to.include(expected);
      for (const secret of Object.values(secrets)) expect(JSON.stringify(result)).not.to.contain(secret);
    });

  it('is described by key names, account, remaining lifetime and session', () => {
    const { facts } = resultOfAgentAnswer({ status: 200, contentType: 'application/json', body: credentials() });
    expect(facts).to.include({
      keys: 'AccessKeyId,SecretAccessKey,Token,AccountId,Expiration',
      accountId: '111122223333',
    });
    expect(facts?.['secondsLeft']).to.be.within(3590, 3600);
    expect(facts?.['session']).to.match(/^[0-9a-f]{8}$/);
  });
});

describe('raw requests', () => {
  const saved = { ...process.env };
  let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void = () => undefined;
  const seen: {
    method: string | undefined;
    url: string | undefined;
    host: string | undefined;
    authorization: string | undefined;
  }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { host, authorization } = request.headers;
      seen.push({ method: request.method, url: request.url, host, authorization });
      answer(request, response, body);
    });
  });
  before((done) => {
    server.listen(0, '127.0.0.1', () => {
      const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${root}/v1/credentials`;
      process.env['AWS_ENDPOINT_URL'] = root;
      for (const name of ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ENDPOINT_URL_STS'])
        delete process.env[name];
      done();
    });
  });
  beforeEach(() => {
    seen.length = 0;
    answer = (_request, response) => response.end(credentials());
  });
  after((done) => {
    setEnvironment(saved);
    server.close(done);
  });

  it("equal an SDK's unless the operation changes them", async () => {
    await fetchCredentials({ do: 'FetchCredentials', token: { from: 'text', text: 't' } });
    await fetchCredentials({
      do: 'FetchCredentials',
      token: { from: 'none' },
      method: 'PUT',
      path: '/x',
      host: 'other',
    });
    expect(seen[0]).to.include({ method: 'GET', url: '/v1/credentials', authorization: 't' });
    expect(seen[1]).to.deep.equal({ method: 'PUT', url: '/x', host: 'other', authorization: undefined });
  });

  for (const atOnce of [true, false])
    it(`are counted when repeated ${atOnce ? 'concurrently' : 'sequentially'}`, async () => {
      const { outcome, facts } = await fetchCredentials({
        do: 'FetchCredentials',
        token: { from: 'none' },
        repeat: 3,
        atOnce,
      });
      expect(outcome).to.equal('granted');
      expect(facts).to.include({ requests: 3, answeredAlike: true, distinctSessions: 1 });
      expect(seen).to.have.length(3);
    });

  for (const failing of [1, 2])
    it(`report that responses differ, and return the failed one, which is response ${failing}`, async () => {
      answer = (_request, response) => {
        if (seen.length === failing) response.writeHead(400).end('no');
        else response.end(credentials({ AccessKeyId: `A${seen.length}` }));
      };
      const result = await fetchCredentials({ do: 'FetchCredentials', token: { from: 'none' }, repeat: 3 });
      expect(result).to.include({ outcome: 'refused', code: '400' });
      expect(result.facts).to.include({ requests: 3, answeredAlike: false, distinctSessions: 3 });
    });

  it('time out after giveUpAfter', async () => {
    let ended: Promise<unknown> | undefined;
    answer = (request) => void (ended = new Promise((resolve) => request.once('close', resolve)));
    // On a busy machine the request may time out before it arrives.
    while (ended === undefined)
      expect(await fetchCredentials({ do: 'FetchCredentials', token: { from: 'none' }, giveUpAfter: 50 })).to.include({
        outcome: 'refused',
        layer: 'agent',
        code: 'TIMEOUT',
      });
    await ended;
  });

  it('are sent with the given lines unchanged', async () => {
    answer = (_request, response) => {
      response.writeProcessing();
      const text = '[r]: (Odd): no\r\n\r\nreally, fault: client';
      response.writeHead(400, { 'content-type': 'text/plain', 'content-length': text.length }).end(text);
    };
    const lines = ['PURGE /x HTTP/1.1', 'Host: other'];
    expect(
      await fetchCredentials({ do: 'FetchCredentials', token: { from: 'text', text: 't' }, lines }),
    ).to.deep.include({
      outcome: 'refused',
      layer: 'eks-auth',
      code: 'Odd',
      status: 400,
      message: 'no\r\n\r\nreally',
      facts: {
        status: 400,
        contentType: 'text/plain',
        fault: 'client',
        requestId: 'r',
        requests: 1,
        answeredAlike: true,
        distinctSessions: 1,
      },
    });
    expect(seen).to.deep.equal([{ method: 'PURGE', url: '/x', host: 'other', authorization: 't' }]);
    answer = (request) => request.socket.destroy();
    const broken = await fetchCredentials({ do: 'FetchCredentials', token: { from: 'none' }, lines });
    expect(broken).to.include({ outcome: 'refused', layer: 'agent', code: 'NoAnswer' });
  });

  it('have the token where the lines name it, and only there', async () => {
    const bodies: unknown[] = [];
    answer = (request, response, body) => {
      bodies.push([request.url, request.headers.authorization, body]);
      response.end();
    };
    const token = { from: 'text', text: 'tok' } as const;
    const head = ['POST /x?t={token} HTTP/1.1', 'Host: other'];
    for (const lines of [head, [...head, 'Content-Length: {length}', '', 'a={token}']])
      await fetchCredentials({ do: 'FetchCredentials', token, lines });
    expect(bodies).to.deep.equal([
      ['/x?t=tok', undefined, ''],
      ['/x?t=tok', undefined, 'a=tok'],
    ]);
  });

  it('report that the agent closes connections without a response', async () => {
    answer = (request) => request.socket.destroy();
    const result = await fetchCredentials({ do: 'FetchCredentials', token: { from: 'none' } });
    expect(result).to.include({ outcome: 'refused', layer: 'agent', code: 'NoAnswer' });
    expect(seen).to.have.length(3);
    expect(inconclusiveReason(result, { milliseconds: 0, ofAll: false }), 'a conclusive result').to.equal(undefined);
  });

  it('are retried after a broken connection', async () => {
    answer = (request, response) => (seen.length < 3 ? request.socket.destroy() : response.end(credentials()));
    const result = await fetchCredentials({ do: 'FetchCredentials', token: { from: 'none' } });
    expect(result).to.include({ outcome: 'granted' });
  });

  it('report that the agent is unreachable', async () => {
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: there } = process.env;
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = 'http://127.0.0.1:1/v1/credentials';
    const result = await fetchCredentials({ do: 'FetchCredentials', token: { from: 'none' } });
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = there;
    expect(result).to.include({ outcome: 'refused', layer: 'agent', code: 'ECONNREFUSED' });
  });

  it('parse a response of AssumeRoleWithWebIdentity', async () => {
    let form = '';
    answer = (_request, response, body) => {
      form = body;
      response.end(
        '<A><Arn>arn:aws:sts::111122223333:assumed-role/app/probe</Arn><SubjectFromWebIdentityToken>s</SubjectFromWebIdentityToken><Audience>a</Audience><SecretAccessKey>the secret</SecretAccessKey><RequestId>r</RequestId></A>',
      );
    };
    const result = await assumeRoleWithWebIdentity({
      do: 'AssumeRoleWithWebIdentity',
      roleArn: 'arn:role',
      token: { from: 'text', text: 'a.b.c' },
      durationSeconds: 900,
    });
    expect(Object.fromEntries(new URLSearchParams(form))).to.include({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: 'arn:role',
      WebIdentityToken: 'a.b.c',
      DurationSeconds: '900',
    });
    expect(result).to.deep.equal({
      outcome: 'granted',
      status: 200,
      identity: { arn: 'arn:aws:sts::111122223333:assumed-role/app/probe', account: '111122223333' },
      requestId: 'r',
      facts: { subject: 's', audience: 'a' },
    });
  });

  it('parse an error of AssumeRoleWithWebIdentity', async () => {
    answer = (_request, response) =>
      response
        .writeHead(400)
        .end('<E><Code>InvalidIdentityToken</Code><Message>no</Message><RequestId>r</RequestId></E>');
    const operation = { do: 'AssumeRoleWithWebIdentity', roleArn: 'r', token: { from: 'none' } } as const;
    expect(await assumeRoleWithWebIdentity(operation)).to.deep.equal({
      outcome: 'refused',
      layer: 'sts',
      code: 'InvalidIdentityToken',
      status: 400,
      message: 'no',
      requestId: 'r',
    });
    answer = (_request, response) => response.writeHead(503).end('busy');
    expect(await assumeRoleWithWebIdentity(operation)).to.include({ code: '503', message: '' });
  });

  describe('after the SDK found no credentials', () => {
    const error = { code: 'CredentialsProviderError', message: 'could not load' };
    const variables = [
      'AWS_ROLE_ARN',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    ];
    const diagnosed = async (environment: Record<string, string | undefined>): Promise<ProbeResult> => {
      const before = { ...process.env };
      for (const name of variables) if (!(name in environment)) delete process.env[name];
      Object.assign(process.env, environment);
      try {
        return await diagnoseMissingCredentials(error);
      } finally {
        setEnvironment(before);
      }
    };
    const folder = mkdtempSync(join(tmpdir(), 'probe-raw-'));
    const file = join(folder, 'token');
    let stopWatching: () => void;
    before(() => {
      writeFileSync(file, 'a.b.c');
      stopWatching = watchRequests();
    });
    after(() => {
      stopWatching();
      rmSync(folder, { recursive: true });
    });
    const uri = (): string => process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '';

    it('blame the injection if nothing was injected', async () =>
      expect(await diagnosed({})).to.include({
        outcome: 'refused',
        layer: 'injection',
        code: 'NoCredentialsSettings',
      }));
    it('blame STS if the pod has IRSA settings', async () =>
      expect(await diagnosed({ AWS_ROLE_ARN: 'r', AWS_WEB_IDENTITY_TOKEN_FILE: file })).to.include({ layer: 'sts' }));
    it('blame the address if SDKs send no token to it', async () =>
      expect(await diagnosed({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://192.0.2.1/v1/credentials' })).to.include({
        layer: 'injection',
        code: 'UriNotAccepted',
      }));
    it('blame the injection if the token is unreadable', async () =>
      expect(
        await diagnosed({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri(), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/none' }),
      ).to.include({ layer: 'injection', code: 'TokenUnreadable' }));
    it('blame the agent if it answers a direct request', async () =>
      expect(
        await diagnosed({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri(), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file }),
      ).to.include({ layer: 'agent', code: 'CredentialsProviderError' }));
    it("report the agent's error", async () => {
      answer = (_request, response) => response.writeHead(400).end('[r]: (AccessDeniedException): no, fault: client');
      const result = await diagnosed({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: uri(),
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
      });
      expect(result).to.include({ outcome: 'refused', layer: 'eks-auth', code: 'AccessDeniedException' });
      expect(result.facts).to.include({ sdkError: 'CredentialsProviderError' });
    });
  });
});
