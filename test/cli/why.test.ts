import { expect } from 'chai';
import { runConformance, type CliRun } from '../support/run-cli.ts';
import { scenario, suiteFile } from '../support/suites.ts';

const world = (roles: string, workloads: string, more = ''): string =>
  `roles: { ${roles} }, workloads: { ${workloads} }, objects: ['data/red/key'], ${more}`;

/** Scenarios, with the expected explanation of their last probe. */
const CASES: readonly (readonly [id: string, title: string, probes: string, world: string, why: RegExp])[] = [
  [
    'MY-01',
    'the part of a trust policy that denied EKS Auth',
    `granted('app', fetchCredentials())`,
    world(
      `app: { trust: [all.trustPodIdentity({ conditions: { StringEquals: { 'aws:RequestTag/kubernetes-service-account': 'ledger' } } })] }`,
      `app: { serviceAccount: 'batch', role: 'app' }`,
    ),
    /^no role trust policy allows sts:AssumeRole on \S+; statement 1 of trust policy of role \S+-my-01-app not applied: aws:RequestTag\/kubernetes-service-account is "batch", StringEquals expects "ledger"$/,
  ],
  [
    'MY-02',
    'the part of a trust policy that denied STS, also for the SDK',
    `granted('app', all.assumeWithWebIdentity('app')), granted('app', getObject('data/red/key'))`,
    world(`app: all.irsaRole('elsewhere/app')`, `app: { irsa: 'app' }`),
    /^no role trust policy allows sts:AssumeRoleWithWebIdentity on \S+; statement 1 of trust policy of role \S+-my-02-app not applied: \S+:sub is "system:serviceaccount:my-02-app-\S+:app", StringEquals expects "system:serviceaccount:my-02-elsewhere-\S+:app"$/,
  ],
  [
    'MY-03',
    'the bucket policy with another principal',
    `granted('app', getObject('data/red/key'))`,
    world(
      `app: podIdentityRole(), other: podIdentityRole()`,
      `app: { role: 'app' }`,
      `buckets: { data: { policy: [all.forPrincipal('<role:other>', allow('s3:GetObject', 'data/*'))] } },`,
    ),
    /; statement 1 of bucket policy of \S+-my-03-data not applied: Principal names "arn:aws:iam::111122223333:role\/\S+-my-03-other", not a session of arn:aws:iam::111122223333:role\/\S+-my-03-app$/,
  ],
  [
    'MY-04',
    'a misspelt variable and the nearest tag',
    `granted('app', getObject('data/red/key'))`,
    world(
      `app: podIdentityRole(allow('s3:GetObject', 'data/\${aws:PrincipalTag/kubernetes-namespce}/*'))`,
      `app: { role: 'app' }`,
    ),
    /Resource "arn:aws:s3:::\S+\/\$\{aws:PrincipalTag\/kubernetes-namespce\}\/\*" does not cover \S+ \(\$\{aws:PrincipalTag\/kubernetes-namespce\} has no value; nearest: aws:PrincipalTag\/kubernetes-namespace, "my-04-app-\S+"\)$/,
  ],
  [
    'MY-08',
    'the missing object before the missing permission to list',
    `granted('app', getObject('data/red/none'))`,
    world(`app: podIdentityRole(allow('s3:GetObject', 'data/*'))`, `app: { role: 'app' }`),
    /^object red\/none does not exist, which only callers with s3:ListBucket may learn; no identity-based policy allows s3:ListBucket/,
  ],
  [
    'MY-05',
    'why the webhook injects no credentials',
    `granted('app', fetchCredentials())`,
    world(`app: podIdentityRole()`, `app: {}`),
    /^the webhook injects no credentials, because there is neither an association nor annotation eks\.amazonaws\.com\/role-arn of service account my-05-app-\S+\/app$/,
  ],
  [
    'MY-06',
    'the association that overrides the annotation, and the excluded container',
    `all.succeeds(all.admitPod('app', { metadata: { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } } }), { injected: 'irsa' })`,
    world(`app: podIdentityRole()`, `app: { role: 'app', irsa: 'app' }`),
    /^the webhook injects container credentials because of association a-\w+ of service account my-06-app-\S+\/app, which takes precedence over annotation eks\.amazonaws\.com\/role-arn; annotation eks\.amazonaws\.com\/skip-containers excludes "app"$/,
  ],
  [
    'MY-07',
    'the association and the trust policy that granted an unexpected role',
    `granted('app', getObject('data/red/key'), { as: 'other' })`,
    world(`app: podIdentityRole(allow('s3:*', '*')), other: podIdentityRole()`, `app: { role: 'app' }`),
    /^association a-\w+ maps my-07-app-\S+\/app to arn:aws:iam::111122223333:role\/\S+-my-07-app; sts:AssumeRole allowed by statement 1 of trust policy of role \S+-my-07-app: Principal "pods\.eks\.amazonaws\.com", Action "sts:AssumeRole"$/,
  ],
];

describe('explanation of a probe that is not as expected', () => {
  let run: CliRun;
  before(async () => {
    run = await runConformance({
      files: {
        'mine.ts': suiteFile(
          ...CASES.map(([id, , probes, where]) => scenario(id, probes, where)),
          scenario(
            'MY-09',
            `denied('app', getObject('data/red/key'), { by: 's3', policy: 'resource' }), control('app', getObject('data/red/key'))`,
            world(`app: podIdentityRole(allow('s3:PutObject', '*'))`, `app: { role: 'app' }`),
          ),
          scenario(
            'MY-10',
            `control('app', all.putObject('data/red/key')), denied('app', getObject('data/red/key'), { by: 's3' })`,
            world(`app: podIdentityRole(allow('s3:GetObject', '*'))`, `app: { role: 'app' }`),
          ),
        ),
      },
      args: ['--suite', 'mine'],
    });
  });

  const result = (id: string) => run.results?.scenarios.find((one) => one.id === id);

  for (const [id, title, , , why] of CASES)
    it(`names ${title}`, () => {
      const probes = result(id)?.probes ?? [];
      expect(probes, run.stderr).not.to.have.length(0);
      for (const probe of probes) {
        expect(probe.verdict).to.equal('failed');
        expect(probe.why).to.match(why);
        expect(run.stderr).to.contain(`\n        why: ${probe.why}\n`);
      }
    });

  it('reports a failed control first, and a denial next to it as inconclusive', () => {
    const { verdict, reason, probes } = result('MY-09')!;
    expect(verdict).to.equal('inconclusive');
    expect(reason).to.match(
      /^Probe 2 \(app: GetObject \S+\): The control failed, so the denials of this scenario are inconclusive\./,
    );
    expect(probes.map((probe) => probe.verdict)).to.deep.equal(['inconclusive', 'inconclusive']);
    expect(probes[0]?.reason).to.match(/A control failed, so this result is inconclusive\.$/);
    expect(run.stderr).to.match(/INCONCLUSIVE MY-09 .*\n +Probe 2 .*\n +why: .*\n +Probe 1 /);
  });

  it('reports unexpected access as failed, even if a control failed', () => {
    expect(result('MY-10')).to.include({ verdict: 'failed' });
    expect(result('MY-10')?.probes.map(({ verdict }) => verdict)).to.deep.equal(['inconclusive', 'failed']);
  });
});
