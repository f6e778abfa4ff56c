import { connect } from 'node:net';
import { expect } from 'chai';
import { seededRandom } from '../core/random.ts';
import { startEmulator, type Emulator } from '../start.ts';
import { signedHeaders } from '../../test/support/emulator/sign.ts';

const ROUNDS = 400;
const AWS_ERROR = /<Code>\w+<\/Code>|x-amzn-errortype: \w+/i;

describe('the emulator server with invalid requests', () => {
  let emulator: Emulator;
  let port: number;
  const random = seededRandom('fuzz');
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;

  before(async () => {
    emulator = await startEmulator({ rememberedCalls: 100 });
    port = Number(new URL(emulator.endpoint).port);
    const body =
      '<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>';
    expect(await exchange(request('s3', 'PUT', '/data', body))).to.match(/^HTTP\/1.1 200 /);
  });
  after(() => emulator.close());

  /** Returns a signed request as bytes. */
  function request(
    service: 's3' | 'sts' | 'iam' | 'eks' | 'eks-auth',
    method: string,
    target: string,
    body = '',
    extra: Readonly<Record<string, string>> = {},
  ): string {
    const [path = '', query = ''] = target.split('?');
    const headers = signedHeaders(
      { method, path, query, headers: { host: `127.0.0.1:${port}`, ...extra } },
      { credentials: emulator.administrator, service, region: emulator.region, time: emulator.clock.now(), body },
    );
    const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) });
    return `${method} ${target} HTTP/1.1\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n${body}`;
  }

  /** Sends bytes, closes the sending side, and returns the whole answer. */
  function exchange(bytes: string | Buffer): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      let received = '';
      socket.setEncoding('latin1');
      socket.on('data', (data: string) => (received += data));
      socket.on('close', () => resolve(received));
      socket.on('error', () => resolve(received));
      socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    });
  }

  /** Checks that an answer is HTTP and, unless it is a success, has an AWS error. */
  function check(sent: string, received: string): void {
    if (received === '') return;
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1]);
    expect(status, `no status in: ${received.slice(0, 80)}`).to.be.within(100, 599);
    expect(status, sent.slice(0, 300)).not.to.be.within(500, 500);
    const head = /^HEAD /.test(sent);
    if (status >= 400 && !head) expect(received, sent.slice(0, 300)).to.match(AWS_ERROR);
  }

  const good = (): string =>
    pick([
      () => request('s3', 'PUT', '/data/key', 'body', { 'x-amz-tagging': 'a=b', 'x-amz-meta-x': 'y' }),
      () => request('s3', 'GET', '/data/key', '', { range: 'bytes=0-1' }),
      () => request('s3', 'GET', '/data?list-type=2&prefix=k&max-keys=1'),
      () => request('s3', 'POST', '/data?delete', '<Delete><Object><Key>key</Key></Object></Delete>'),
      () =>
        request(
          's3',
          'PUT',
          '/data/key?tagging',
          '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
        ),
      () => request('s3', 'PUT', '/data?policy', '{"Version":"2012-10-17","Statement":[]}'),
      () =>
        request('sts', 'POST', '/', 'Action=GetCallerIdentity&Version=2011-06-15', {
          'content-type': 'application/x-www-form-urlencoded',
        }),
      () =>
        request('iam', 'POST', '/', 'Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D', {
          'content-type': 'application/x-www-form-urlencoded',
        }),
      () => request('eks', 'POST', '/clusters', '{"name":"c"}', { 'content-type': 'application/json' }),
      () => request('eks', 'GET', '/clusters/c/pod-identity-associations?maxResults=3'),
      () => request('eks-auth', 'POST', '/clusters/c/assume-role-for-pod-identity', '{"token":"e30.e30.e30"}'),
    ])();

  function mutate(text: string): string {
    const at = below(text.length);
    switch (below(6)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
      case 2:
        return text.slice(0, at) + text.slice(at + 1 + below(20));
      case 3:
        return text.slice(0, at) + text.slice(Math.max(0, at - below(60)));
      case 4:
        return (
          text.slice(0, at) +
          pick(['%', '%00', '\0', '\r\n', '../', '{', '<', '&', '\u00e9', 'A'.repeat(3000)]) +
          text.slice(at)
        );
      default:
        return text.replace(
          /content-length: \d+/,
          `content-length: ${pick(['-1', '0', '1', 'x', '99999999999', '70000000'])}`,
        );
    }
  }

  /** Signed after the change, so that it passes the signature check. */
  function hostile(): string {
    const junk = pick([
      '',
      '{',
      '[]',
      'null',
      '{"name":1}',
      '{"name":{}}',
      '{"tags":[]}',
      '<',
      '<Delete/>',
      '<Delete><Object/></Delete>',
      '<!DOCTYPE x [<!ENTITY y "z">]><Tagging>&y;</Tagging>',
      '<Tagging><TagSet><Tag/></TagSet></Tagging>',
      '<a><b></a></b>',
      'Action=',
      'Action=GetRole',
      'Action=AssumeRole&Version=2011-06-15&Tags.member.0.Key=x',
      '\xff\xfe',
      '{"Statement":[{"Effect":1}]}',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":[{}]},"Action":"s3:*","Resource":[1]}}',
      '['.repeat(2000),
      '{"__proto__":{"a":1}}',
    ]);
    const path = pick([
      '/',
      '//',
      '/data',
      '/data/',
      '/data/%',
      '/data/%ff',
      '/data/%00',
      '/../..',
      '/data/../../etc/passwd',
      '/data?policy',
      '/data?tagging',
      '/data/key?tagging',
      '/data?delete',
      '/data?list-type=2&max-keys=-1',
      '/data?list-type=2&max-keys=x',
      '/data?list-type=2&continuation-token=%',
      '/data/key?response-content-type=%0d%0aX:y',
      '/%2e%2e/x',
      '/clusters',
      '/clusters/%',
      '/clusters/c',
      '/clusters/c/addons',
      '/clusters/c/node-groups',
      '/clusters/c/pod-identity-associations',
      '/clusters/c/pod-identity-associations/a',
      '/tags/x',
      '/clusters/c/assume-role-for-pod-identity',
      '/__proto__',
      '/constructor/toString',
    ]);
    const headers = pick<Readonly<Record<string, string>>>([
      {},
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json' },
      { range: 'bytes=9-1' },
      { 'x-amz-tagging': '%&%=%' },
      { 'x-amz-copy-source': '%' },
      { 'x-amz-copy-source': '/' },
      { 'content-md5': '!' },
      { 'x-amz-checksum-crc32': '!' },
      { 'x-amz-checksum-zzz': 'x' },
      { 'x-amz-content-sha256': 'x' },
      { 'if-match': '' },
      { expect: 'nothing' },
      { 'if-modified-since': 'x' },
    ]);
    const service = pick(['s3', 's3', 'sts', 'iam', 'eks', 'eks-auth'] as const);
    return request(service, pick(['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH']), path, junk, headers);
  }

  const fires: Readonly<Record<string, () => string>> = {
    noise: () => Array.from({ length: below(200) }, () => String.fromCharCode(below(256))).join(''),
    'mutated requests': () => mutate(good()),
    'well-signed nonsense': hostile,
  };
  for (const [what, make] of Object.entries(fires)) {
    it(`returns AWS errors for ${what}`, async () => {
      for (let round = 0; round < ROUNDS; round += 20) {
        const sent = Array.from({ length: 20 }, make);
        const received = await Promise.all(sent.map(exchange));
        received.forEach((answer, i) => check(sent[i] ?? '', answer));
      }
      expect(await exchange(request('s3', 'GET', '/data?list-type=2'))).to.match(/^HTTP\/1.1 200 /);
    });
  }

  it('rejects heads and bodies that are too large', async () => {
    const header = await exchange(`GET / HTTP/1.1\r\nhost: h\r\nx: ${'x'.repeat(80_000)}\r\n\r\n`);
    expect(header).to.match(/^HTTP\/1.1 400 .*RequestHeaderSectionTooLarge/s);
    const body = await exchange(`PUT /data/k HTTP/1.1\r\nhost: h\r\ncontent-length: 70000000\r\n\r\nx`);
    expect(body).to.match(/^HTTP\/1.1 400 .*EntityTooLarge/s);
    const form =
      'POST / HTTP/1.1\r\nhost: h\r\ncontent-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    expect(await exchange(form + chunk.repeat(17))).to.match(/^HTTP\/1.1 4\d\d .*<Code>/s);
    expect(await exchange(request('s3', 'GET', '/data?list-type=2'))).to.match(/^HTTP\/1.1 200 /);
  });
});
