import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { executed } from '../../test/support/executed.ts';

const request = {
  principal: 'arn:aws:iam::111122223333:role/app',
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
};
const identityPolicies = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } };
const GRANT = { Effect: 'Allow', Principal: { AWS: '111122223333' } };
const OPEN = { Statement: { ...GRANT, Action: 's3:*', Resource: '*' } };
const OPEN_TRUST = { Statement: { ...GRANT, Action: 'sts:AssumeRole' } };
const good = { name: 'good', request, identityPolicies, expect: 'allowed' };

describe('evaluate', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'evaluate-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function run(content: unknown, ...flags: string[]): Promise<{ code: number; out: string; err: string }> {
    const file = join(folder, 'cases.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return command(...flags, file);
  }

  const command = (...argv: string[]) => executed('evaluate', argv);

  it('explains each decision and ends with the number of matches', async () => {
    const { code, out, err } = await run({ cases: [good] });
    expect(out.split('\n')).to.deep.equal([
      'agrees: good',
      '  allowed: allowed by statement 1 of identityPolicies: Action "s3:*", Resource "*"',
      '    identityPolicies, statement 1 (Allow): applied: allows s3:GetObject on arn:aws:s3:::b/k: Action "s3:*", Resource "*"',
      '',
      '1 of 1 cases match',
      '',
    ]);
    expect([code, err]).to.deep.equal([0, '']);
  });

  it('exits 1 if a case differs', async () => {
    const { code, out } = await run({ cases: [good, { ...good, name: 'bad', expect: 'implicitlyDenied' }] });
    expect(code).to.equal(1);
    expect(out).to.contain('DIFFERS: bad\n  allowed, expected implicitlyDenied:');
    expect(out).to.match(/\n1 of 2 cases match\n$/);
  });

  it('does not count a case without an expected decision', async () => {
    const { code, out } = await run({ cases: [good, { name: 'open', request }] });
    expect(code).to.equal(0);
    expect(out).to.match(/\n1 of 2 cases have no expected decision\n1 of 1 cases match\n$/);
  });

  it('prints JSON with --json', async () => {
    const { code, out } = await run({ cases: [{ ...good, expect: 'explicitlyDenied' }] }, '--json');
    const report = JSON.parse(out) as { cases: unknown[] };
    expect(code).to.equal(1);
    expect(report).to.include({ agree: 0, compared: 1 });
    expect(report.cases[0]).to.deep.include({ name: 'good', decision: 'allowed', agrees: false });
    expect(report.cases[0]).to.have.nested.property('statements[0].applied', true);
  });

  it('accepts null for an omitted policy, and policies as JSON text', async () => {
    const policies = { identityPolicies: [JSON.stringify(identityPolicies)], trustPolicy: null, sessionPolicy: null };
    expect((await run({ cases: [{ ...good, ...policies }] })).code).to.equal(0);
  });

  it("derives the resource's account from its ARN", async () => {
    const resource = 'arn:aws:iam::444455556666:role/x';
    const everything = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
    const asked = { ...request, action: 'iam:GetRole', resource };
    const foreign = { name: 'foreign', request: asked, identityPolicies: everything, expect: 'implicitlyDenied' };
    expect((await run({ cases: [foreign] })).code).to.equal(0);
  });

  it('prints its help', async () => {
    const { code, out } = await command('--help');
    expect(code).to.equal(0);
    expect(out).to.match(/^Usage: npm run evaluate/);
  });

  for (const [what, changed, sentence] of [
    [
      'a misspelt action',
      { action: 's3:GetObjct' },
      /"s3:GetObjct" is not an action .*: did you mean "s3:GetObject"\?$/m,
    ],
    [
      'a resource of another type',
      { resource: 'arn:aws:s3:::b' },
      /use arn:aws:s3:::\$\{BucketName\}\/\$\{ObjectName\}\.$/m,
    ],
    [
      'an ARN without its account',
      { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:us-west-2::q' },
      /is not a resource of/,
    ],
  ] as const)
    it(`rejects ${what} in a request`, async () => {
      const { code, err } = await run({ cases: [{ ...good, request: { ...request, ...changed } }] });
      expect(err).to.match(sentence);
      expect(code).to.equal(2);
    });

  it('warns of actions in policies that no service has, by file and statement', async () => {
    const Statement = [{ Effect: 'Deny', Action: ['s3:GetObjct', 's3:Put*'], Resource: '*' }];
    const denied = { ...good, identityPolicies: [identityPolicies, { Statement }] };
    const { code, err } = await run({ cases: [denied] });
    expect(err).to.match(
      /^Warning: \S+cases\.json: case "good": identityPolicies\[1\], statement 1: "s3:GetObjct" is not an action .*"s3:GetObject"\?\n$/,
    );
    expect(code).to.equal(0);
  });

  it('warns of condition keys that no request has together', async () => {
    const context = { 'aws:PrincipalAccount': '444455556666' };
    const { code, err } = await run({ cases: [{ ...good, request: { ...request, context } }] });
    expect(err).to.match(
      /^Warning: \S+: case "good": no request has these condition keys, because aws:PrincipalAccount is the account in aws:PrincipalArn\.\n$/,
    );
    expect(code).to.equal(0);
  });

  it('judges the other cases if some cannot be read, and exits 2', async () => {
    const missing = { ...good, name: 'missing', identityPolicies: { file: 'nowhere.json' } };
    const broken = { ...good, name: 'broken', identityPolicies: '{' };
    const cases = [missing, good, broken, { ...good, name: 'bad', expect: 'implicitlyDenied' }];
    const { code, out, err } = await run({ cases });
    expect(code).to.equal(2);
    expect(out).to.contain('agrees: good\n').and.to.contain('DIFFERS: bad\n');
    expect(out).to.match(/\n2 cases cannot be read\n1 of 2 cases match\n$/);
    const [first = '', second = '', ...rest] = err.split('\n');
    expect(first).to.match(/cases\.json: case "missing": .*nowhere\.json cannot be read/);
    expect(second).to.match(/cases\.json: case "broken": "identityPolicies" is malformed/);
    expect(rest).to.deep.equal(['']);
    const report = JSON.parse((await run({ cases }, '--json')).out) as { cases: object[] };
    expect(report).to.include({ agree: 1, compared: 2, unreadable: 2 });
    expect(report.cases.map((one) => 'error' in one)).to.deep.equal([true, false, true, false]);
    expect((await run({ cases: [missing, good] })).code).to.equal(2);
  });

  const wrong: [title: string, content: unknown, sentence: RegExp][] = [
    ['a file that is not JSON', '{', /cases\.json is not valid JSON/],
    ['an empty list of cases', { cases: [] }, /cases must be a list of length 1 or more, not a list of length 0/],
    ['a list instead of an object', [], /it must be an object, not a list of length 0/],
    ['a case that is not an object', { cases: [1] }, /case 1: it must be an object/],
    ['a case without name', { cases: [{ request }] }, /case 1: name must be a non-empty string, not missing/],
    ['a case without request', { cases: [{ name: 'a' }] }, /case "a": request must be an object, not missing/],
    [
      'an unknown decision',
      { cases: [{ ...good, expect: 'denied' }] },
      /case "good": expect must be one of allowed, .*not "denied"/,
    ],
    ['a misspelt policy', { cases: [{ ...good, bucketPolicy: {} }] }, /it must not have "bucketPolicy": did you mean/],
    [
      'a misspelt context',
      { cases: [{ ...good, request: { ...request, contexts: {} } }] },
      /case "good": request must not have "contexts": did you mean "context"/,
    ],
    [
      'a malformed policy',
      { cases: [{ ...good, sessionPolicy: {} }] },
      /case "good": "sessionPolicy" is malformed: .*no Statement/,
    ],
    [
      'a policy that is a number',
      { cases: [{ ...good, identityPolicies: [1] }] },
      /identityPolicies must be a policy or a list of policies/,
    ],
    [
      'an invalid principal',
      { cases: [{ ...good, request: { ...request, principal: 'me' } }] },
      /request.principal "me" is not/,
    ],
    [
      'an invalid action',
      { cases: [{ ...good, request: { ...request, action: 's3' } }] },
      /request.action must be an action such as s3:GetObject, not "s3"/,
    ],
    [
      'an invalid resource',
      { cases: [{ ...good, request: { ...request, resource: 'b/k' } }] },
      /request.resource must be an ARN or \*, not "b\/k"/,
    ],
    ['an invalid account', { cases: [{ ...good, request: { ...request, resourceAccount: 1 } }] }, /12 digits/],
    [
      'an invalid context',
      { cases: [{ ...good, request: { ...request, context: { a: {} } } }] },
      /request.context.a must be a string, a number, true, false, a list of these, or null, not an object/,
    ],
    [
      'both a resource policy and a trust policy',
      { cases: [{ ...good, resourcePolicy: OPEN, trustPolicy: OPEN_TRUST }] },
      /exclude/,
    ],
  ];
  for (const [title, content, sentence] of wrong) {
    it(`rejects ${title} with one sentence`, async () => {
      const { code, out, err } = await run(content);
      const hasCases = /case (1|"\w+"): /.test(err);
      expect([code, out]).to.deep.equal([2, hasCases ? '1 case cannot be read\n0 of 0 cases match\n' : '']);
      expect(err)
        .to.match(/^[^\n]+\n$/)
        .and.match(sentence);
    });
  }

  const usage: [argv: string[], sentence: RegExp][] = [
    [[], /Too few arguments: give FILE\./],
    [['a', 'b'], /Too many arguments \("b"\)/],
    [[''], /An argument is empty/],
    [['--quick', 'a'], /Unknown flag --quick/],
    [['/nowhere/cases.json'], /\/nowhere\/cases\.json cannot be read \(there is no such file\)/],
    [['/'], /\/ cannot be read \(it is a folder\)/],
  ];
  for (const [argv, sentence] of usage) {
    it(`rejects "${argv.join(' ')}" with one sentence`, async () => {
      const { code, err } = await command(...argv);
      expect(code).to.equal(2);
      expect(err)
        .to.match(/^[^\n]+\n$/)
        .and.match(sentence);
    });
  }
});
