import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import type { RoleSession } from '../../identity/policy/principal.ts';
import type { ServiceName } from '../../emulator/core/service.ts';
import type { SignedParts } from '../../emulator/sigv4/canonical.ts';
import { readSignature, SignatureProblem, sigV4Verifier } from '../../emulator/sigv4/index.ts';
import { comparisons, seed } from './runs.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE12',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQo/token+with=signs',
};
const verifier = sigV4Verifier({
  region: 'us-west-2',
  clock: { now: () => Date.now() },
  credentials: {
    find: (accessKeyId) =>
      accessKeyId === credentials.accessKeyId ? { credentials, caller: {} as RoleSession } : undefined,
  },
});

/** A request to sign, passed as a line of JSON. */
interface Asked {
  readonly service: ServiceName;
  readonly method: string;
  readonly path: string;
  /** Parameters with a null value have no equals sign. */
  readonly query: readonly (readonly [name: string, value: string | null])[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly payload: 'hash' | 'unsigned' | 'trailer';
  readonly presigned: boolean;
}

/** A signed request. */
interface Sent {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

const odd = fc.string({ unit: 'grapheme', maxLength: 6 });
const parts = fc.oneof(
  odd,
  fc.constantFrom('', '', '.', '..', 'a b', 'a+b', '%2F', "(1)'*!~", 'a:b@c', 'ключ', '日本', '&=?#'),
);
const asked: fc.Arbitrary<Asked> = fc
  .record({
    service: fc.constantFrom<ServiceName>('s3', 's3', 'sts', 'iam', 'eks', 'eks-auth'),
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
    path: fc.array(parts, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
    query: fc.array(
      fc.tuple(
        fc.constantFrom('a', 'a', 'A', 'b', 'list-type', 'prefix', 'x y', 'ä'),
        fc.oneof(parts, fc.constantFrom('', '1', '2', null)),
      ),
      { maxLength: 4 },
    ),
    headers: fc.array(
      fc.tuple(
        fc.constantFrom('x-amz-meta-note', 'X-Amz-Meta-Note', 'x-amz-meta-other', 'Content-Type'),
        fc.stringMatching(/^[!-~]{0,4} {0,3}[!-~]{1,4}$/).map((value) => value.trim()),
      ),
      { maxLength: 3 },
    ),
    body: fc.string({ unit: 'grapheme', maxLength: 20 }),
    payload: fc.constantFrom('hash', 'unsigned', 'trailer'),
    presigned: fc.boolean(),
  })
  // botocore turns the body of a presigned request into parameters.
  .map((request) => (request.presigned ? { ...request, body: '' } : request));

interface Tools {
  readonly contractTools: () => { readonly bin: string } | { readonly missing: string };
}

describe('signature verifier compared with botocore', () => {
  const requests = fc.sample(asked, { numRuns: comparisons(1000), seed });
  let tools: Tools;
  before(async () => {
    tools = (await import(pathToFileURL(join(HERE, '..', 'contract', 'tools.js')).href)) as Tools;
  });

  it(`accepts requests from botocore, and rejects them with a changed byte, seed ${seed}`, function () {
    const python = tools.contractTools();
    if ('missing' in python) return skip(this, python.missing);
    examine(requests, signedBy(join(python.bin, 'python'), [join(HERE, 'sign.py')], requests));
  });
});

function skip(context: Mocha.Context, why: string): void {
  if (process.env['CI'] === 'true') throw new Error(`The signature verifier cannot be tested: ${why}.`);
  context.skip();
}

function signedBy(program: string, args: readonly string[], requests: readonly Asked[]): readonly Sent[] {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('');
  const env = { ...process.env, AWS_REGION: 'us-west-2', AWS_EC2_METADATA_DISABLED: 'true' };
  const { status, stdout, stderr } = spawnSync(program, args, { input, env, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${program} failed to sign: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sent);
}

function examine(requests: readonly Asked[], sent: readonly Sent[]): void {
  expect(sent).to.have.length(requests.length);
  let refused = 0;
  requests.forEach((request, index) => {
    const { path, query, headers } = sent[index] as Sent;
    const joined = Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(',')]));
    const signed = { method: request.method, path, query, headers: joined };
    const body = Buffer.from(request.body);
    const problem = problemOf(signed, body, request.service);
    if (problem !== undefined) throw new Error(`refuses ${JSON.stringify({ request, sent: signed })}: ${problem}`);
    for (const [what, changed, changedBody = body] of changes(request, signed, body, index)) {
      refused += 1;
      if (problemOf(changed, changedBody, request.service) !== undefined) continue;
      throw new Error(`The verifier accepts a changed ${what}: ${JSON.stringify({ request, sent: signed, changed })}`);
    }
  });
  expect(refused).to.be.above(requests.length * 3);
}

/** Returns why a request is rejected, or undefined if it is accepted. */
function problemOf(signed: SignedParts, body: Buffer, service: ServiceName): string | undefined {
  try {
    const claimed = readSignature(signed);
    if (claimed === undefined) return 'it is not signed';
    verifier.verify(signed, claimed, body, service);
    return undefined;
  } catch (error) {
    if (error instanceof SignatureProblem) return error.message;
    throw error;
  }
}

/** Yields the request with one changed byte, for each part that its signature covers. */
function* changes(
  { service, payload, presigned }: Asked,
  signed: SignedParts,
  body: Buffer,
  random: number,
): Generator<readonly [what: string, signed: SignedParts, body?: Buffer]> {
  yield ['method', { ...signed, method: signed.method.replace(/^./, 'X') }];
  // Outside S3, segments that dot segments remove are not signed.
  if (service === 's3' || !signed.path.includes('..'))
    yield ['path', { ...signed, path: another(signed.path, random) }];
  if (signed.query !== '') yield ['query', { ...signed, query: another(signed.query, random) }];
  for (const [name, value] of Object.entries<string>(signed.headers)) {
    yield [name, { ...signed, headers: { ...signed.headers, [name]: another(value, random) } }];
  }
  if (body.length > 0 && (service !== 's3' || (payload === 'hash' && !presigned))) {
    const other = Buffer.from(body);
    const place = random % body.length;
    other[place] = (other[place] ?? 0) ^ 1;
    yield ['body', signed, other];
  }
}

/** Returns a text with a changed letter or digit, or an additional one. */
function another(text: string, random: number): string {
  const places = [...text.matchAll(/[A-Za-z0-9]/g)].map(({ index }) => index);
  const place = places[random % places.length];
  if (place === undefined) return `${text}x`;
  const other = /[0Oo]/.test(text[place] ?? '') ? '1' : '0';
  return text.slice(0, place) + other + text.slice(place + 1);
}
