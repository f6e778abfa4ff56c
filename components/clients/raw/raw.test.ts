import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { chain } from './chain.ts';
import { CredentialsCache } from './credentials.ts';
import { whoAmI } from './sts.ts';
import { setEnvironment } from '../../../test/support/process-environment.ts';

type Reply = readonly [status: number, body: string, headers?: Record<string, string>];

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
const credentials = (seconds = 3600, change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: 's',
    Token: 't',
    Expiration: inSeconds(seconds),
    ...change,
  });

describe('the raw client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'raw-client-'));
  const token = join(folder, 'token');
  const environment = { ...process.env };
  let replies: (Reply | ((request: IncomingMessage) => Reply))[] = [];
  let seen: { path: string; authorization: string | undefined }[] = [];
  let server: Server;
  let origin: string;

  before(async () => {
    server = createServer((request, response) => {
      seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
      const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? [404, ''];
      const [status, body, headers] = typeof reply === 'function' ? reply(request) : reply;
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, headers).end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    seen = [];
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    writeFileSync(token, 'first');
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${origin}/v1/credentials`;
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] = token;
    process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = `${origin}/node/`;
    process.env['AWS_REGION'] = 'eu-west-1';
  });
  after(() => {
    setEnvironment(environment);
    server.close();
    rmSync(folder, { recursive: true });
  });

  const failure = async (): Promise<string> =>
    chain(process).then(
      () => 'credentials',
      (error: Error) => error.message,
    );

  it('retries transient failures with the current token', async () => {
    replies = [
      () => {
        writeFileSync(token, 'second\n');
        return [500, 'x'];
      },
      ...([
        [429, 'x'],
        [0, ''],
        [200, credentials(60, { Expiration: undefined })],
        [200, credentials()],
      ] as Reply[]),
    ];
    expect(await chain(process)).to.include({ accessKeyId: 'ASIAEXAMPLE', sessionToken: 't' });
    expect(seen.map(({ authorization }) => authorization)).to.deep.equal(['first', ...Array<string>(4).fill('second')]);
  }).timeout(10_000);

  it("reports the agent's message at once, without trying another source", async () => {
    replies = [[404, 'no association for this pod']];
    expect(await failure()).to.equal('the credentials endpoint answered 404: no association for this pod');
    expect(seen.map(({ path }) => path)).to.deep.equal(['/v1/credentials']);
  });

  it('does not follow redirects', async () => {
    replies = [[302, '', { location: `${origin}/elsewhere` }]];
    expect(await failure()).to.contain('answered 302');
    expect(seen).to.have.length(1);
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['contains a line break', 'a\r\nb'],
    ['contains a line break', 'a\r\n'],
  ] as const)
    it(`sends nothing if the token file ${what}: ${JSON.stringify(text)}`, async () => {
      writeFileSync(token, text);
      expect(await failure()).to.equal(`the token file ${token} ${what}`);
      expect(seen).to.deep.equal([]);
    });

  it('sends no token to another host over plain HTTP', async () => {
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = 'http://192.0.2.1/v1/credentials';
    expect(await failure()).to.contain('192.0.2.1');
  });

  it('shares a request between concurrent calls, renews before expiry and never returns expired credentials', async () => {
    let left = 3600;
    replies = [() => [left > 0 ? 200 : 400, credentials(left)]];
    const cache = new CredentialsCache(() => chain(process));
    await Promise.all([cache.get(), cache.get(), cache.get()]);
    await cache.get();
    expect(seen).to.have.length(1);
    left = 1;
    const short = new CredentialsCache(() => chain(process));
    const { expiresAt = 0 } = await short.get();
    left = 0;
    expect(await short.get()).to.include({ accessKeyId: 'ASIAEXAMPLE' });
    await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() + 1));
    expect(await short.get().catch((error: Error) => error.message)).to.contain('answered 400');
  });

  it('prefers web identity to the container, and retries when STS cannot reach the provider', async () => {
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = token;
    process.env['AWS_ROLE_ARN'] = 'arn:aws:iam::111122223333:role/app';
    process.env['AWS_ENDPOINT_URL'] = origin;
    replies = [
      [400, '<Error><Code>IDPCommunicationError</Code><Message>x</Message></Error>'],
      [
        200,
        `<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${inSeconds(60)}</Expiration>`,
      ],
    ];
    expect(await chain(process)).to.include({ accessKeyId: 'A' });
    expect(seen.map(({ path }) => path)).to.deep.equal(['/', '/']);
  });

  it("adopts the service's clock when the service rejects the local time", async () => {
    process.env['AWS_ENDPOINT_URL'] = origin;
    const later = new Date(Date.now() + 3_600_000);
    replies = [
      [403, '<Error><Code>SignatureDoesNotMatch</Code></Error>', { date: later.toUTCString() }],
      [200, '<Arn>arn:aws:sts::111122223333:assumed-role/app/pod</Arn><Account>111122223333</Account>'],
    ];
    const held = { accessKeyId: 'A', secretAccessKey: 's', expiresAt: Infinity };
    expect(await whoAmI(() => Promise.resolve(held))).to.have.property('account', '111122223333');
    expect(seen[1]?.authorization).to.contain('Credential=A/').and.not.equal(seen[0]?.authorization);
  });
});
