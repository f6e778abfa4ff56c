import { expect } from 'chai';
import { runInProcess, type CliRun } from '../support/run-cli.ts';

const KEY = 'arn:aws:kms:us-west-2:<account:main>:key/00000000-0000-0000-0000-000000000001';

const SUITE = `import { allow, deny, forPrincipal, may, mayNot, podIdentityRole, putRolePolicy, restartPod, suite, trustPodIdentity, trustWebIdentity } from 'eks-pod-identity-conformance';

const KEY = '${KEY}';
const QUEUE = 'arn:aws:sqs:us-west-2:<account:other>:orders';
const SECRET = 'arn:aws:secretsmanager:us-west-2:<account:main>:secret:';
const VIA_S3 = { context: { 'kms:ViaService': 's3.us-west-2.amazonaws.com' } };

suite('services', ({ scenario }) => {
  for (const dropped of [undefined, 'key', 'queue', 'secret', 'boundary']) {
    const unless = (name, condition) => (name === dropped ? undefined : condition);
    const keyPolicy = { resourcePolicy: forPrincipal('<role:app>', allow('kms:Decrypt', '*', unless('key', { StringEquals: { 'kms:ViaService': 's3.us-west-2.amazonaws.com' } }))) };
    const queuePolicy = { resourcePolicy: [
      forPrincipal('<role:app>', allow('sqs:SendMessage', '*')),
      forPrincipal('*', deny('sqs:*', '*', unless('queue', { StringNotEquals: { 'aws:SourceVpce': 'vpce-0123' } }) ?? { StringEquals: { 'aws:userid': 'nobody' } })),
    ] };
    const web = trustWebIdentity({ subject: 'app/web' });
    scenario('SVC-0' + (['key', 'queue', 'secret', 'boundary'].indexOf(dropped) + 1), 'services that are not emulated, without ' + dropped, {
      roles: {
        app: { trust: [trustPodIdentity()], permissions: [allow(['sqs:SendMessage', 'kms:Encrypt'], '*'), allow('dynamodb:*', '*')],
          boundary: [allow(['sqs:*', 'kms:*'], '*'), allow('dynamodb:' + (dropped === 'boundary' ? '*' : 'GetItem'), '*')] },
        web: { trust: [web], permissions: [allow('secretsmanager:GetSecretValue', SECRET + '*', unless('secret', { StringLike: { 'secretsmanager:SecretId': SECRET + 'web/*' } }))] },
      },
      workloads: {
        inside: { role: 'app', context: { 'aws:SourceVpce': 'vpce-0123' } }, outside: { role: 'app' },
        web: { irsa: 'web', serviceAccount: 'web' },
      },
      probes: [
        may('inside', 'kms:Decrypt', KEY, { ...keyPolicy, ...VIA_S3 }),
        mayNot('inside', 'kms:Decrypt', KEY, { ...keyPolicy, policy: 'resource', explicit: false }),
        may('inside', 'sqs:SendMessage', QUEUE, queuePolicy),
        mayNot('outside', 'sqs:SendMessage', QUEUE, { ...queuePolicy, policy: 'resource', explicit: true }),
        may('web', 'secretsmanager:GetSecretValue', SECRET + 'web/db', { context: { 'secretsmanager:SecretId': SECRET + 'web/db' } }),
        mayNot('web', 'secretsmanager:GetSecretValue', SECRET + 'other/db', { context: { 'secretsmanager:SecretId': SECRET + 'other/db' }, policy: 'identity' }),
        may('inside', 'dynamodb:GetItem', 'arn:aws:dynamodb:us-west-2:<account:main>:table/orders'),
        mayNot('inside', 'dynamodb:PutItem', 'arn:aws:dynamodb:us-west-2:<account:main>:table/orders', { policy: 'boundary', explicit: false }),
        ...(dropped ? [] : [
          putRolePolicy('app', deny('dynamodb:GetItem', '*')), restartPod('inside'),
          mayNot('inside', 'dynamodb:GetItem', 'arn:aws:dynamodb:us-west-2:<account:main>:table/orders', { policy: 'identity', explicit: true }),
        ]),
      ],
    });
  }
  scenario('SVC-10', 'a pod without credentials', {
    roles: { app: podIdentityRole(allow('sns:Publish', '*')) },
    workloads: { app: { role: 'app' }, none: { serviceAccount: 'none' } },
    probes: [may('app', 'sns:Publish', '*'), mayNot('none', 'sns:Publish', '*')],
  });
  scenario('SVC-11', 'a malformed policy', {
    roles: { app: podIdentityRole(allow('sns:Publish', '*')) },
    workloads: { app: { role: 'app' } },
    probes: [may('app', 'sns:Publish', '*'), may('app', 'sqs:SendMessage', QUEUE, { resourcePolicy: allow('sqs:SendMessage', '*') })],
  });
});
`;

const run = (...args: readonly string[]): Promise<CliRun> => runInProcess({ args, files: { 'services.ts': SUITE } });

describe('may and mayNot', () => {
  let judged: CliRun;
  before(async () => {
    judged = await run('--quiet', '--suite', 'services', '--parallel', '3');
  });
  const scenarioOf = (id: string) => judged.results!.scenarios.find((one) => one.id === id)!;
  const failedOf = (id: string) =>
    scenarioOf(id).probes.flatMap(({ number, verdict }) => (verdict === 'failed' ? [number + 1] : []));

  it('decide with the sessions of pods by Pod Identity and IRSA, for the resource and its policy', () => {
    expect(scenarioOf('SVC-00').reason, judged.stderr).to.equal('All 9 probes had the expected results.');
    const [granted, denied] = scenarioOf('SVC-00').probes;
    expect(granted?.observed).to.include({ outcome: 'granted' });
    expect(denied?.observed).to.include({ outcome: 'denied', layer: 'iam', code: 'AccessDenied' });
  });

  it('fail without the condition or limit that they test', () => {
    expect(['SVC-01', 'SVC-02', 'SVC-03', 'SVC-04'].map(failedOf)).to.deep.equal([[2], [4], [6], [8]]);
  });

  it('explain what decided, and record the call', () => {
    const { probes, calls } = scenarioOf('SVC-01');
    const probe = probes[1];
    expect(probe?.why).to.match(/^kms:Decrypt allowed by statement 1 of policy of arn:aws:kms:us-west-2:\d+:key\//);
    expect(probe?.calls?.map((index) => calls?.[index]?.operation)).to.include.members([
      ...['AssumeRoleForPodIdentity', 'Authorize'],
    ]);
  });

  it('are not denied, but refused, if the pod has no credentials', () => {
    expect(failedOf('SVC-10')).to.deep.equal([2]);
    expect(scenarioOf('SVC-10').probes[1]?.observed).to.include({ outcome: 'refused' });
  });

  it('report a policy that AWS would reject', () => {
    expect(scenarioOf('SVC-11')).to.include({ verdict: 'error' });
    expect(scenarioOf('SVC-11').reason).to.match(/AWS rejects the policy of arn:aws:sqs:.*: .*rincipal/);
  });

  it('count in the policy coverage', async () => {
    const { exitCode, stderr } = await run(
      '--suite',
      'services',
      '--scenario',
      'SVC-00',
      '--min-policy-coverage',
      '60',
    );
    expect(exitCode, stderr).to.equal(0);
    expect(stderr).not.to.match(/Not tested: .*(ViaService|SourceVpce|SecretId|sqs|policy of)/);
  });

  it('are skipped on real AWS, with the reason', async () => {
    const { stdout } = await run('--cluster', 'eks', '--suite', 'services', '--scenario', 'SVC-10', '--plan');
    expect(stdout).to.match(/skipped: Not available here: decisions about requests to services .*\(policy-decisions/);
  });

  it('let loosen notice changes of identity and resource policies by replay', async () => {
    const suite = SUITE.replace("[undefined, 'key', 'queue', 'secret', 'boundary']", '[undefined]').replace(
      /\n {2}scenario\('SVC-10'[^]*\n {2}\}\);\n\}\);/,
      '\n});',
    );
    const args = ['--inline', '--quiet', '--format', 'json'];
    const { stdout, stderr } = await runInProcess({ command: 'loosen', args, files: { 'services.ts': suite } });
    const { changes } = JSON.parse(stdout) as { changes: Record<'change' | 'state' | 'by', string>[] };
    const about = (text: RegExp) => changes.filter(({ change }) => text.test(change));
    const conditions = about(/(ViaService|SecretId) is dropped|the Deny is dropped/);
    expect(conditions, `${stderr}\n${stdout}`).to.have.length(3);
    for (const { state, by } of conditions) expect([state, by]).to.deep.equal(['killed', 'replay']);
    // SendMessage is the only action of Amazon SQS that begins so.
    const others = about(/dynamodb|sqs|kms|secretsmanager/i).filter(({ change }) => !change.includes('sqs:Send*'));
    const equivalent = others.flatMap(({ change, state }) => (state === 'equivalent' ? change : []));
    // The queue is in another account, whose policy gives the role nothing that its own policies do not allow.
    expect(equivalent).to.deep.equal([
      'statement 1: sqs:SendMessage becomes sqs:*',
      'statement 1: sqs:DeleteMessage is added to sqs:SendMessage',
    ]);
  });
});
