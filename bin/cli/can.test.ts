import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { AccessAnswer } from '../../doctor/access/answer.ts';
import { ACCESS_RIGHTS } from '../../doctor/collect/calls.ts';
import { writeSnapshot } from '../../doctor/snapshot/file.ts';
import { ACCOUNT, allowing, healthySnapshot, roleArn, type Draft } from '../../test/support/cluster-snapshot.ts';
import { executed } from '../../test/support/executed.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';

const OBJECT = 'arn:aws:s3:::example-payments-ledger/payments/report.csv';
const LEDGER = ['payments/ledger', 's3:GetObject', OBJECT];
const CLUSTER = ['--cluster-name', 'production', '--region', 'us-west-2'];
const ASSUME = '--assume-association';
const PLAN = ['--terraform', 'examples/terraform/plan.json', ASSUME, ...CLUSTER];
const ROLE = 'aws_iam_role.ledger';
interface TerraformState {
  readonly values: {
    readonly root_module: {
      readonly resources: readonly { readonly address: string; readonly values: Record<string, unknown> }[];
    };
  };
}
const can = (...args: readonly string[]) => executed('can', [...args, '--no-color']);

/** Saves a healthy cluster whose role may read objects, with changes. Returns the file. */
function saved(change: (draft: Draft) => void = () => undefined): string {
  const draft = healthySnapshot('');
  draft.aws.roles[roleArn('ledger')]!.policies = { read: allowing('s3:GetObject') };
  draft.aws.buckets = {
    'example-payments-ledger': { name: 'example-payments-ledger', accountId: ACCOUNT, policy: null, key: null },
  };
  change(draft);
  const file = join(temporaryFolder(), 'snapshot.json');
  writeSnapshot(file, { version: 1, clusters: [draft] });
  return file;
}

/** Writes a policy of one statement. Returns the file. */
function policy(name: string, statement: object): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...statement } }));
  return file;
}
const TRUST = { Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'] };
const DENY = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' };

describe('npm run can', () => {
  it('explains an allowed request, and lists what no answer includes', async () => {
    const { code, out } = await can(...LEDGER, '--from', saved());
    expect(out).to.match(/^Allowed: payments\/ledger s3:GetObject on arn:/);
    expect(out).to.match(/^ {2}allowed +trust +allowed by statement 1 of trust policy of role ledger: /m);
    expect(out).to.contain('policy read of role ledger, statement 1 (Allow): applied: allows s3:GetObject');
    expect(out).to.contain('Organization: no service or resource control policy');
    expect(code).to.equal(0);
  });

  it('exits with 1 for a denied request, and with 3 for an unknown one', async () => {
    const denied = await can('payments/ledger', 's3:PutObject', OBJECT, '--from', saved());
    expect(denied.out)
      .to.match(/^Denied: /)
      .and.to.contain('Action "s3:GetObject" does not list s3:PutObject');
    expect(denied.code).to.equal(1);
    const unknown = await can(
      ...LEDGER,
      '--from',
      saved(({ aws }) => delete aws.buckets),
    );
    expect(unknown.out).to.match(
      /^Unknown: .*\nIt is allowed unless this denies it: policy of bucket example-payments-ledger/,
    );
    expect(unknown.code).to.equal(3);
  });

  it('prints JSON', async () => {
    const { out } = await can(...LEDGER, '--from', saved(), '--format', 'json');
    const answer = JSON.parse(out) as AccessAnswer;
    expect(answer).to.include({ value: 'allowed', mechanism: 'pod-identity', cluster: 'prod', action: 's3:GetObject' });
    expect(answer.steps.map(({ name, value }) => `${name} ${value}`)).to.deep.equal([
      'identity allowed',
      'trust allowed',
      'access allowed',
    ]);
  });

  it('takes a bucket policy that was not read from a file', async () => {
    const file = saved(({ aws }) => (aws.buckets = { 'example-payments-ledger': { name: 'example-payments-ledger' } }));
    const bucket = policy('bucket.json', {
      Principal: { AWS: roleArn('ledger') },
      Action: 's3:GetObject',
      Resource: '*',
    });
    expect((await can(...LEDGER, '--from', file)).code).to.equal(3);
    expect((await can(...LEDGER, '--from', file, '--bucket', bucket, '--account', '444455556666')).code).to.equal(0);
    expect((await can(...LEDGER, '--from', file, '--bucket', policy('deny.json', DENY))).code).to.equal(1);
  });

  it('lists who can, and exits with 1 if nobody can', async () => {
    const { code, out } = await can('--who', 's3:GetObject', OBJECT, '--from', saved());
    expect(out).to.match(/^allowed {2}payments\/ledger {2}Pod Identity, arn:.*role\/ledger$/m);
    expect(out).to.contain('1 service account can s3:GetObject');
    // The policies of the role of web/shop are not in the file.
    expect(code).to.equal(3);
    const nobody = saved(({ aws }) => {
      for (const role of Object.values(aws.roles)) role!.policies = {};
    });
    expect((await can('--who', 's3:GetObject', OBJECT, '--from', nobody)).code).to.equal(1);
  });

  it('asks a Terraform plan, with the bucket policy of a file or of the plan', async () => {
    expect((await can(...LEDGER, ...PLAN)).code).to.equal(3);
    expect((await can(...LEDGER, ...PLAN, '--bucket', 'none')).code).to.equal(0);
    expect((await can('batch/ledger', ...LEDGER.slice(1), ...PLAN, '--bucket', 'none')).code).to.equal(1);
    const state = ['--terraform', 'examples/terraform/state.json', ASSUME, ...CLUSTER];
    const inState = await can(...LEDGER, ...state, '--bucket', 'module.bucket.aws_s3_bucket_policy.ledger');
    expect(inState.out).to.contain(
      'statement 1 "OnlyPayments" of policy of bucket example-payments-ledger (Deny) not applied',
    );
    expect(inState.code).to.equal(0);
  });

  it('asks a template, with values of its references', async () => {
    const template = ['--template', 'examples/cloudformation/template.yaml', '--bucket', 'none', ASSUME];
    const values = ['--value', 'Data.Arn=arn:aws:s3:::data', '--value', `AWS::AccountId=${ACCOUNT}`];
    const ask = (key: string) =>
      can('payments/ledger', 's3:GetObject', `arn:aws:s3:::data/${key}`, ...template, ...values);
    expect((await ask('payments/1')).code).to.equal(0);
    expect((await ask('batch/1')).code).to.equal(1);
  });

  it('asks policy files', async () => {
    const files = ['--trust', policy('trust.json', TRUST), ASSUME, '--bucket', 'none'];
    const read = policy('read.json', { Action: 's3:GetObject', Resource: '*' });
    expect((await can(...LEDGER, ...files, '--permissions', read)).code).to.equal(0);
    expect((await can(...LEDGER, ...files)).code).to.equal(1);
    const unread = await can(...LEDGER, ...files.slice(0, 3), '--permissions', read);
    expect([unread.code, unread.out]).to.satisfy(
      ([code, out]: [number, string]) => code === 3 && out.includes('--bucket FILE'),
    );
    const boundary = policy('boundary.json', { Action: 's3:PutObject', Resource: '*' });
    expect((await can(...LEDGER, ...files, '--permissions', read, '--boundary', boundary)).code).to.equal(1);
  });

  it('asks policy files of IRSA', async () => {
    const issuer = 'oidc.eks.us-west-2.amazonaws.com/id/0123';
    const trust = policy('trust.json', {
      Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer}:sub`]: 'system:serviceaccount:payments:ledger' } },
    });
    const read = policy('read.json', { Action: 's3:GetObject', Resource: '*' });
    const files = ['--trust', trust, '--permissions', read, '--bucket', 'none', ASSUME];
    expect((await can(...LEDGER, ...files)).out).to.match(/^Allowed: .*[\s\S]*IRSA: its annotation names/);
    expect((await can('payments/batch', ...LEDGER.slice(1), ...files)).code).to.equal(1);
    const swapped = await can(...LEDGER, '--trust', read, '--permissions', trust);
    expect([swapped.code, swapped.err]).to.deep.equal([
      2,
      `Policy file ${read} cannot be the role trust policy: Missing required field Principal (statement 1).\n`,
    ]);
  });

  it('does not make up an association or annotation that the files lack', async () => {
    const [trust, read] = [policy('trust.json', TRUST), policy('read.json', { Action: 's3:GetObject', Resource: '*' })];
    const files = ['--trust', trust, '--bucket', 'none'];
    const unknown = await can(...LEDGER, ...files, '--permissions', read);
    expect(unknown.out).to.match(
      /^Unknown: .*\nIt is denied unless this allows it: an association of payments\/ledger with this role only, or an annotation, which the files do not/,
    );
    expect(unknown.code).to.equal(3);
    // Without permissions, an association would not help.
    expect((await can(...LEDGER, ...files)).code).to.equal(1);
  });

  it('takes the association from a plan or a template', async () => {
    const content = JSON.parse(readFileSync('examples/terraform/state.json', 'utf8')) as TerraformState;
    const role_arn = content.values.root_module.resources.find(({ address }) => address === ROLE)!.values['arn'];
    const values = { cluster_name: 'production', namespace: 'payments', service_account: 'ledger', role_arn };
    const asked = async (changed: object): Promise<number> => {
      const type = 'aws_eks_pod_identity_association';
      const association = { address: `${type}.ledger`, type, values: { ...values, ...changed } };
      const resources = [...content.values.root_module.resources, association];
      const root_module = { ...content.values.root_module, resources };
      const file = join(temporaryFolder(), 'state.json');
      writeFileSync(file, JSON.stringify({ ...content, values: { root_module } }));
      return (await can(...LEDGER, '--terraform', file, '--bucket', 'none', ...CLUSTER)).code;
    };
    expect(await asked({})).to.equal(0);
    for (const [changed, code] of [
      [{ namespace: 'batch' }, 1],
      [{ service_account: 'other' }, 1],
      [{ cluster_name: 'staging' }, 1],
      [{ role_arn: `${String(role_arn)}-2` }, 3],
      [{ target_role_arn: `arn:aws:iam::${ACCOUNT}:role/target` }, 3],
    ] as const)
      expect(await asked(changed), JSON.stringify(changed)).to.equal(code);

    const template = join(temporaryFolder(), 'template.yaml');
    const association = (serviceAccount: string): string => `
  Association:
    Type: AWS::EKS::PodIdentityAssociation
    Properties:
      ClusterName: production
      Namespace: !Ref Namespace
      ServiceAccount: ${serviceAccount}
      RoleArn: !GetAtt Role.Arn
`;
    for (const [serviceAccount, code] of [
      ['ledger', 0],
      ['other', 1],
    ] as const) {
      const text = readFileSync('examples/cloudformation/template.yaml', 'utf8');
      writeFileSync(template, `${text.trimEnd()}${association(serviceAccount)}`);
      const values = [
        '--value',
        'Data.Arn=arn:aws:s3:::example-payments-ledger',
        '--value',
        `AWS::AccountId=${ACCOUNT}`,
      ];
      expect((await can(...LEDGER, '--template', template, '--bucket', 'none', ...values)).code).to.equal(code);
    }
  });

  it('notes actions of policies that no service has', async () => {
    const file = saved(({ aws }) => {
      aws.roles[roleArn('ledger')]!.policies = { read: allowing(['s3:GetObject', 's3:GetObjct']) };
    });
    const { code, out } = await can(...LEDGER, '--from', file);
    expect(out).to.match(/^Note: policy read of role ledger, statement 1: "s3:GetObjct" .* "s3:GetObject"\?$/m);
    expect(code).to.equal(0);
  });

  it('answers for all and for some of the resources of a wildcard', async () => {
    const file = saved(({ aws }) => {
      aws.roles[roleArn('ledger')]!.policies = { read: allowing('s3:GetObject', `${OBJECT}*`) };
      aws.roles[roleArn('shop')]!.policies = {};
    });
    const question = ['s3:GetObject', 'arn:aws:s3:::example-payments-ledger/*', '--from', file];
    const { code, out } = await can('payments/ledger', ...question);
    expect(code).to.equal(1);
    expect(out).to.match(/^Denied for some, allowed for others: payments\/ledger/);
    expect(out.replaceAll(/\s+/g, ' ')).to.contain(`allowed access ${OBJECT}*: allowed by`);
    const who = await can('--who', ...question);
    expect(who.code).to.equal(0);
    expect(who.out).to.contain('allowed for some  payments/ledger').and.to.contain('For every resource: 0 service');
  });

  it('asks for the action that authorizes an operation', async () => {
    const { code, out, err } = await can('payments/ledger', 's3:HeadObject', OBJECT, '--from', saved());
    expect([code, err]).to.deep.equal([0, 's3:HeadObject needs s3:GetObject.\n']);
    expect(out).to.contain('s3:GetObject on');
    const copy = await can('payments/ledger', 's3:CopyObject', OBJECT, '--from', saved());
    expect(copy).to.include({
      code: 2,
      err: '"s3:CopyObject" is an operation, not an action. Its actions: s3:GetObject, s3:PutObject.\n',
    });
  });

  describe('explain', () => {
    const message = (role: string, rest = ''): string =>
      `AccessDenied: User: arn:aws:sts::${ACCOUNT}:assumed-role/${role}/eks-prod-ledger-7d9-1a2b3c4d is not authorized to perform: s3:PutObject on resource: "${OBJECT}"${rest}`;

    it('says who asked, and which policy denied it, without a cluster', async () => {
      const text = message('ledger', ' because no session policy allows the s3:PutObject action');
      const { code, out } = await can('explain', text);
      expect(code).to.equal(0);
      expect(out)
        .to.match(/^action +s3:PutObject$/m)
        .and.to.match(/^reason +no allow, session policy$/m);
      expect(out)
        .to.contain('a pod whose name begins with "ledger-7d9"')
        .and.to.contain('See the session policy of the');
      const json = await can('explain', '--format', 'json', ...text.split(' '));
      expect(JSON.parse(json.out))
        .to.include({ policy: 'session policy', resource: OBJECT })
        .and.not.to.have.property('answers');
    });

    it('continues to the policies of the cluster', async () => {
      const denied = await can('explain', message('ledger'), '--from', saved());
      expect(denied.code).to.equal(1);
      expect(denied.out)
        .to.match(/^Denied: payments\/ledger s3:PutObject/m)
        .and.to.contain('no identity-based policy allows');
      const changed = saved(({ aws }) => (aws.roles[roleArn('ledger')]!.policies = { all: allowing('s3:*') }));
      const now = await can('explain', message('ledger'), '--from', changed);
      expect([now.code, now.out.includes('The policies allow it now')]).to.deep.equal([0, true]);
      const nobody = await can('explain', message('other'), '--from', saved());
      expect(nobody.code).to.equal(3);
      expect(nobody.out).to.contain('No service account of cluster').and.to.contain('has role other of account');
    });

    it('names the role of the node, and says what a message lacks', async () => {
      const node = await can('explain', message('nodes').replace(/eks-prod[^ ]*/, 'i-0e5afb93460d609d2'));
      expect(node.out).to.contain('it used the role of its node, not its own');
      expect((await can('explain', 'AccessDenied: Access denied')).code).to.equal(3);
      const web = await can('explain', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
      expect(web.out).to.contain('See the trust policy').and.not.to.contain('statement');
      const none = await can('explain', 'Throttling: Rate exceeded');
      expect(none).to.include({ code: 2, out: '' });
      expect(none.err).to.match(/^The text has no message about a denied request\./);
    });
  });

  it('takes namespace and service account by flags', async () => {
    const [, ...request] = LEDGER;
    const { out } = await can(...LEDGER, '--from', saved());
    for (const flags of [
      [...request, '--namespace', 'payments', '--service-account', 'ledger'],
      ['ledger', ...request, '-n', 'payments'],
    ])
      expect((await can(...flags, '--from', saved())).out).to.equal(out);
  });

  it('prints the rights that it needs', async () => {
    const { Statement } = JSON.parse((await can('--print-policy')).out) as { Statement: { Action: string[] }[] };
    const actions = Statement.flatMap((one) => one.Action);
    expect(actions).to.have.members(Object.keys(ACCESS_RIGHTS).filter((right) => !right.startsWith('sts:')));
  });

  for (const [what, args, sentence] of [
    [
      'an incomplete service account',
      ['ledger', 's3:GetObject', OBJECT],
      /^"ledger" is not a namespace and service account/,
    ],
    ['an invalid action', ['a/b', 'GetObject', OBJECT], /^"GetObject" is not an action/],
    [
      'an invalid resource',
      ['a/b', 's3:GetObject', 'data/key'],
      /^"data\/key" is not a resource of s3:GetObject: use arn/,
    ],
    [
      'an unknown action',
      ['a/b', 's3:GetObjct', OBJECT],
      /"s3:GetObjct" is not an action .*did you mean "s3:GetObject"\?/,
    ],
    ['an ARN of another type', ['a/b', 's3:GetObject', 'arn:aws:s3:::data'], /use arn:aws:s3:::\$\{BucketName\}\//],
    [
      'a namespace for --who',
      ['--who', ...LEDGER.slice(1), '-n', 'a', '--from', 'f'],
      /^-n is not a flag of this command, but of `can`/,
    ],
    ['a condition without a key', [...LEDGER, '--condition', 'x', '--from', 'f'], /^--condition is "x"/],
    ['a flag without effect', [...LEDGER, '--from', 'f', '--context', 'a'], /^--context does not work with --from/],
    [
      'policy flags without files',
      [...LEDGER, '--boundary', 'f'],
      /^--boundary requires --terraform or --template or --manifest or --trust/,
    ],
    ['an unknown service account', ['payments/ledgr', ...LEDGER.slice(1), '--from', saved()], /did you mean "ledger"/],
    ['an unknown pod', [...LEDGER, '--pod', 'ledger-3', '--from', saved()], /has no pod "ledger-3"/],
    ['a plan that tests the cluster', [...LEDGER, ...PLAN.slice(0, 3)], /Give --cluster-name and --region/],
    [
      'a role that the plan lacks',
      [...LEDGER, ...PLAN, '--role', 'aws_iam_role.ledgr'],
      /did you mean "aws_iam_role.ledger"/,
    ],
  ] as const)
    it(`rejects ${what} in one sentence`, async () => {
      const { code, err } = await can(...args);
      expect(err).to.match(sentence);
      expect(err.trim().split('\n')).to.have.length(1);
      expect(code).to.equal(2);
    });
});
