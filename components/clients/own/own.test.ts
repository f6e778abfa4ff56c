import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CLIENT_ANSWER_PREFIX, type ClientAnswer } from '../../../foundation/protocols/client-protocol.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

describe("a user's program", () => {
  let server: Server;
  let origin: string;
  let replies: readonly (readonly [status: number, body: string])[] = [];

  before(async () => {
    let count = 0;
    server = createServer((request, response) => {
      const [status, body] = replies[Math.min(count, replies.length - 1)] ?? [500, ''];
      count = request.url === '/data/reset' ? 0 : count + 1;
      response.writeHead(status, { 'x-amz-request-id': 'id-1' }).end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  /** Returns the answer for a Node program that should read `data/key`. */
  async function answer(program: string, endpoint = origin): Promise<ClientAnswer> {
    await fetch(`${origin}/data/reset`);
    const own = JSON.stringify({ command: [process.execPath, '-e', program] });
    const child = spawn(process.execPath, ['--import=tsx', MAIN], {
      env: { ...process.env, AWS_ENDPOINT_URL: endpoint, CLIENT_PROGRAM: own },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(JSON.stringify({ id: 7, operation: { do: 'GetObject', bucket: 'data', key: 'key' } }));
    for await (const line of createInterface({ input: child.stdout }))
      return JSON.parse(line.slice(CLIENT_ANSWER_PREFIX.length)) as ClientAnswer;
    throw new Error('no answer');
  }

  const READS =
    'const { CONFORMANCE_ENDPOINT: at, CONFORMANCE_BUCKET: bucket, CONFORMANCE_KEY: key } = process.env; fetch(`${at}/${bucket}/${key}`)';

  it('is granted if S3 granted its request, even if it fails or does not exit', async () => {
    replies = [[200, 'content']];
    expect(await answer(`${READS}.then(() => process.exit(3))`)).to.deep.equal({
      id: 7,
      facts: { exit: 'code 3' },
      requestId: 'id-1',
    });
    expect(await answer(`${READS}; setInterval(() => undefined, 1000)`)).to.deep.include({ facts: { exit: 'none' } });
  }).timeout(60_000);

  it("is denied if S3's last response denied its request, regardless of its output", async () => {
    replies = [[403, '<Error><Code>AccessDenied</Code><Message>&quot;no&quot;</Message></Error>']];
    expect((await answer(`${READS}.then(() => console.log('all is well'))`)).error).to.deep.equal({
      service: 's3',
      code: 'AccessDenied',
      status: 403,
      message: '"no"',
      requestId: 'id-1',
    });
    replies = [
      [500, ''],
      [200, ''],
    ];
    expect((await answer(`${READS}.then(() => ${READS.split('; ')[1]})`)).error).to.equal(undefined);
  }).timeout(60_000);

  it('is reported as NoRequest if it did something else', async () => {
    replies = [[200, '']];
    expect((await answer("console.error('no credentials')")).error).to.deep.equal({
      code: 'NoRequest',
      message:
        'the program (exit: code 0) sent S3 no GetObject of s3://data/key; its last line on standard error: no credentials',
    });
    expect((await answer(`${READS.replace('${key}', 'other')}`)).error?.code).to.equal('NoRequest');
  }).timeout(60_000);

  it('is reported as NoRequest with TLS, which hides its requests', async () => {
    expect((await answer('process.exit(0)', 'https://s3.us-west-2.amazonaws.com')).error?.code).to.equal('NoRequest');
  }).timeout(60_000);

  it("is reported with STS's rejection if that was its last request", async () => {
    replies = [[400, '<Error><Code>ExpiredTokenException</Code><Message>late</Message></Error>']];
    const asks = "fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', body: 'Action=AssumeRoleWithWebIdentity' })";
    expect((await answer(asks)).error).to.include({ service: 'sts', code: 'ExpiredTokenException', status: 400 });
  }).timeout(60_000);
});
