import { expect } from 'chai';
import { runInProcess, type CliRun } from '../support/run-cli.ts';

/** Each scenario exists as it is, and once without each of its conditions: `CTX-01a` lacks the first one. */
const SUITE = `import { allow, askEksAuth, assumeWithWebIdentity, asSession, chain, chained, denied, deny, fails, forPrincipal, getObject,
  granted, podIdentityRole, refused, restartPod, succeeds, suite, trustPodIdentity, trustRole, trustWebIdentity } from 'eks-pod-identity-conformance';

const INSIDE = { 'aws:SourceVpce': 'vpce-0123', 'aws:SourceVpc': 'vpc-0123', 'aws:VpcSourceIp': '10.0.1.7' };
const OURS = { 'aws:PrincipalOrgID': 'o-ours', 'aws:ResourceOrgID': 'o-ours', 'aws:SourceOrgID': 'o-ours' };
const READ = getObject('data/key');
const NO_ACCESS = { by: 's3', code: 'AccessDenied' };
const BY_BUCKET = { ...NO_ACCESS, policy: 'resource', explicit: true };
const reader = allow('s3:GetObject', 'data/*');
const pod = (role, context, serviceAccount = 'app') => ({ role, serviceAccount, ...(context && { context }) });

suite('context', ({ scenario }) => {
  /** \`conditions\` are [operator, key, values]; \`world\` gets a condition block by number, or none if it is dropped. */
  const each = (id, title, conditions, world) => {
    for (const dropped of [-1, ...conditions.keys()])
      scenario(id + (dropped === -1 ? '' : 'abcdefgh'[dropped]), title + (dropped === -1 ? '' : ' without ' + conditions[dropped][1]), {
        objects: ['data/key'],
        ...world((number) => (number === dropped ? undefined : { [conditions[number][0]]: { [conditions[number][1]]: conditions[number][2] } })),
      });
  };
  const onBucket = (condition) => (condition ? { data: { policy: forPrincipal('*', deny('s3:GetObject', 'data/*', condition)) } } : {});
  const given = (conditions) => (conditions ? { conditions } : {});

  each('CTX-01', 'a bucket is read through its VPC endpoint only', [['StringNotEquals', 'aws:SourceVpce', 'vpce-0123']], (condition) => ({
    roles: { app: podIdentityRole(reader) },
    workloads: { inside: pod('app', INSIDE), other: pod('app', { 'aws:SourceVpce': 'vpce-0456' }), outside: pod('app') },
    buckets: onBucket(condition(0)),
    probes: [granted('inside', READ), denied('other', READ, BY_BUCKET), denied('outside', READ, BY_BUCKET)],
  }));
  each('CTX-02', 'addresses and organizations', [
    ['IpAddress', 'aws:SourceIp', '198.51.100.0/24'], ['StringEquals', 'aws:PrincipalOrgID', 'o-ours'], ['StringEquals', 'aws:ResourceOrgID', 'o-ours'],
    ['IpAddress', 'aws:VpcSourceIp', '10.0.0.0/8'],
  ], (condition) => {
    const by = (number) => podIdentityRole(allow('s3:GetObject', 'data/*', condition(number)));
    return {
      roles: { office: by(0), ours: by(1), resource: by(2), vpc: by(3) },
      workloads: {
        office: pod('office', { 'aws:SourceIp': '198.51.100.7' }, 'office'), home: pod('office', { 'aws:SourceIp': '203.0.113.9' }, 'office'),
        tunnel: pod('office', INSIDE, 'office'),
        ours: pod('ours', OURS, 'ours'), theirs: pod('ours', { 'aws:PrincipalOrgID': 'o-theirs' }, 'ours'),
        resource: pod('resource', OURS, 'resource'), unknown: pod('resource', undefined, 'resource'),
        vpc: pod('vpc', INSIDE, 'vpc'), elsewhere: pod('vpc', { ...INSIDE, 'aws:VpcSourceIp': '192.168.0.7' }, 'vpc'),
      },
      probes: [
        ...['office', 'ours', 'resource', 'vpc'].map((name) => succeeds(asSession(name, READ))),
        ...['home', 'tunnel', 'theirs', 'unknown', 'elsewhere'].map((name) => fails(asSession(name, READ), { ...NO_ACCESS, policy: 'identity', explicit: false })),
      ],
    };
  });
  each('CTX-03', 'trust by web identity', [['StringEquals', 'aws:SourceVpc', 'vpc-0123']], (condition) => {
    const web = trustWebIdentity({ subject: 'app/app' });
    return {
      roles: { app: { trust: [{ ...web, conditions: { StringEquals: { ...web.conditions.StringEquals, ...condition(0)?.StringEquals } } }], permissions: [reader] } },
      workloads: { inside: { irsa: 'app', context: INSIDE }, outside: { irsa: 'app' } },
      probes: [granted('inside', READ), refused('outside', assumeWithWebIdentity('app'), { by: 'sts', code: 'AccessDenied' })],
    };
  });
  each('CTX-04', 'roles of Pod Identity', [
    ['StringEquals', 'aws:SourceOrgID', 'o-ours'], ['StringEquals', 'aws:PrincipalOrgID', 'o-ours'], ['StringNotEquals', 'aws:SourceVpce', 'vpce-0123'],
  ], (condition) => ({
    roles: {
      base: { trust: [trustPodIdentity(given(condition(0)))], permissions: [allow(['sts:AssumeRole', 'sts:TagSession'], '<role:target>')] },
      target: { trust: [trustRole('base', given(condition(1)))], permissions: [reader] },
      open: { ...podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:next>')) },
      next: { trust: [trustRole('open')], permissions: [reader] },
    },
    workloads: {
      app: pod({ role: 'base', targetRole: 'target' }, { ...INSIDE, ...OURS }),
      stranger: pod({ role: 'base', targetRole: 'target' }, { ...INSIDE, 'aws:SourceOrgID': 'o-theirs', 'aws:PrincipalOrgID': 'o-ours' }),
      member: pod({ role: 'base', targetRole: 'target' }, { ...INSIDE, ...OURS, 'aws:PrincipalOrgID': 'o-theirs' }),
      chained: pod('open', INSIDE, 'chained'), 'chained-outside': pod('open', undefined, 'chained'),
    },
    buckets: onBucket(condition(2)),
    probes: [
      succeeds(asSession('app', READ)),
      succeeds(asSession(chained('chained', chain('next')), READ)),
      fails(askEksAuth('stranger'), { by: 'eks-auth', code: 'AccessDeniedException' }),
      fails(askEksAuth('member'), { by: 'eks-auth', code: 'AccessDeniedException' }),
      fails(asSession(chained('chained-outside', chain('next')), READ), BY_BUCKET),
    ],
  }));
  each('CTX-05', 'new pods, and sessions without a pod', [['StringNotEquals', 'aws:SourceVpce', 'vpce-0123']], (condition) => ({
    roles: { app: podIdentityRole(reader) },
    workloads: { inside: pod('app', INSIDE), outside: pod('app') },
    buckets: onBucket(condition(0)),
    probes: [
      granted('inside', READ), denied('outside', READ, BY_BUCKET),
      restartPod('inside'), granted('inside', READ),
      succeeds(asSession('inside', READ)), fails(asSession('outside', READ), NO_ACCESS),
    ],
  }));
});
`;

const run = (...args: readonly string[]): Promise<CliRun> => runInProcess({ args, files: { 'context.ts': SUITE } });

describe('context of a workload', () => {
  let judged: CliRun;
  before(async () => {
    judged = await run('--quiet', '--suite', 'context', '--parallel', '3');
  });

  it('decides requests of Pod Identity, IRSA, role chains and new pods', () => {
    const wrong = judged.results?.scenarios.filter(({ id, verdict }) => /\d$/.test(id) && verdict !== 'passed');
    expect(
      wrong?.map(({ id, reason }) => `${id}: ${reason}`),
      judged.stderr,
    ).to.deep.equal([]);
  });

  it('makes the denials of a scenario fail without their condition', () => {
    const without = judged.results?.scenarios.filter(({ id }) => /[a-z]$/.test(id)) ?? [];
    const failed = without.map(({ id, probes }) => [id, probes.filter(({ verdict }) => verdict === 'failed').length]);
    expect(Object.fromEntries(failed)).to.deep.equal({
      'CTX-01a': 2,
      ...{ 'CTX-02a': 2, 'CTX-02b': 1, 'CTX-02c': 1, 'CTX-02d': 1 },
      'CTX-03a': 1,
      ...{ 'CTX-04a': 1, 'CTX-04b': 1, 'CTX-04c': 1 },
      'CTX-05a': 2,
    });
  });

  it('counts in the policy coverage', async () => {
    const { exitCode, stderr } = await run(
      '--suite',
      'context',
      '--scenario',
      'CTX-02',
      '--min-policy-coverage',
      '100',
    );
    expect(exitCode, stderr).to.equal(0);
  });

  it('is skipped on real AWS, with the reason', async () => {
    const { stdout } = await run('--cluster', 'eks', '--suite', 'context', '--scenario', 'CTX-01', '--plan');
    expect(stdout).to.match(/skipped: Not available here: requests with given condition keys .*\(request-context/);
  });
});
