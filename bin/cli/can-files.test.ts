import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { AccessAnswer } from '../../doctor/access/answer.ts';
import { executed, type Executed } from '../../test/support/executed.ts';
import { builtPackage, ROOT, temporaryFolder } from '../../test/support/run-cli.ts';

// Terraform 1.11.4 with provider hashicorp/aws 5.100.0 wrote plan.json (before the first apply), state.json (after it) and
// update.json (a later change of an action) for main.tf. Unused parts of modules' configurations are left out.
// schema-6.57.1.json is written after the schema of that provider version, which could not be had.
const FIXTURES = 'test/fixtures/deployments';
const terraform = (name: string): string[] => ['--terraform', `${FIXTURES}/terraform/${name}.json`];
const manifest = (name: string): string[] => ['--manifest', `${FIXTURES}/${name}.yaml`];
const [PLAN, STATE, UPDATE, NEWER] = ['plan', 'state', 'update', 'schema-6.57.1'].map(terraform) as [
  string[],
  string[],
  string[],
  string[],
];
const TEMPLATE = ['--template', `${FIXTURES}/template.yaml`];
const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';
const CDK = [
  '--template',
  `${FIXTURES}/cdk.template.json`,
  '--value',
  `ClusterOpenIdConnectProviderE7EB0530=arn:aws:iam::111122223333:oidc-provider/${ISSUER}`,
];
const ACCOUNTS = manifest('manifests');
const NO_POLICY = ['--bucket', 'none'];
const [GET, PUT] = ['s3:GetObject', 's3:PutObject'];

type Value = AccessAnswer['value'];
/** [what, account, action, bucket and key, flags, answer, the reason that its text must have] */
const QUESTIONS: readonly (readonly [string, string, string, string, readonly string[], Value, RegExp])[] = [
  // Terraform: modules, count, for_each.
  [
    'module iam-assumable-role-with-oidc attaches by the index of a count',
    'payments/irsa',
    GET,
    'example-ledger/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'allowed',
    /IRSA: .*role\/irsa/,
  ],
  [
    'the module without an annotation',
    'payments/irsa',
    GET,
    'example-ledger/1',
    [...PLAN, ...NO_POLICY],
    'denied',
    /no association and no annotation of payments\/irsa/,
  ],
  [
    'the module for another service account',
    'payments/other',
    GET,
    'example-ledger/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'denied',
    /sts:AssumeRoleWithWebIdentity is denied/,
  ],
  [
    'module iam-role-for-service-accounts with for_each',
    'payments/account',
    GET,
    'example-red/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'allowed',
    /aws_iam_policy\.team\["red"\]/,
  ],
  [
    'the other instance of for_each',
    'batch/account',
    GET,
    'example-blue/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'allowed',
    /aws_iam_policy\.team\["blue"\]/,
  ],
  [
    'the policy of the other instance',
    'payments/account',
    GET,
    'example-blue/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'denied',
    /no identity-based policy allows/,
  ],
  [
    'module terraform-aws-eks-pod-identity with a role name after apply',
    'web/shop',
    GET,
    'example-shop/1',
    [...PLAN, ...NO_POLICY],
    'allowed',
    /association module\.pod_identity\.aws_eks_pod_identity_association\.this\["shop"\]/,
  ],
  [
    'the module for another bucket',
    'web/shop',
    GET,
    'example-ledger/1',
    [...PLAN, ...NO_POLICY],
    'denied',
    /no identity-based policy allows/,
  ],
  [
    'an association of another cluster',
    'web/shop',
    GET,
    'example-shop/1',
    [...PLAN, ...NO_POLICY, '--cluster-name', 'staging'],
    'denied',
    /nearest: .*this\["shop"\] \(web\/shop, cluster production\)/,
  ],
  [
    'another association of another cluster',
    'web/admin',
    GET,
    'example-shop/1',
    [...PLAN, ...NO_POLICY, '--cluster-name', 'production'],
    'denied',
    /nearest: .*this\["other"\] \(web\/admin, cluster staging\)/,
  ],
  [
    'an association of a similar service account',
    'web/shopp',
    GET,
    'example-shop/1',
    [...PLAN, ...NO_POLICY],
    'denied',
    /nearest: .*\(web\/shop, cluster production\)/,
  ],
  [
    'an association of another namespace',
    'batch/worker-0',
    GET,
    'example-worker-0/1',
    [...PLAN, ...NO_POLICY],
    'denied',
    /nearest: .*worker\[0\] \(jobs\/worker-0, cluster production\)/,
  ],
  [
    'an association by count',
    'jobs/worker-0',
    GET,
    'example-worker-0/1',
    [...PLAN, ...NO_POLICY],
    'allowed',
    /aws_iam_role_policy\.worker\[0\]/,
  ],
  [
    'the policy of another index',
    'jobs/worker-0',
    GET,
    'example-worker-1/1',
    [...PLAN, ...NO_POLICY],
    'denied',
    /no identity-based policy allows/,
  ],
  [
    'a policy after apply',
    'jobs/late',
    GET,
    'example-ledger/1',
    [...PLAN, ...NO_POLICY],
    'unknown',
    /aws_iam_role_policy\.late.*known only after apply.*aws_s3_bucket\.data\.arn/,
  ],
  [
    'an AWS managed policy',
    'jobs/late',
    'sqs:ReceiveMessage',
    'arn:aws:sqs:us-west-2:111122223333:orders',
    PLAN,
    'unknown',
    /AmazonSQSReadOnlyAccess/,
  ],
  [
    'an attachment of several roles, the bucket in the plan',
    'jobs/bounded',
    GET,
    'example-bounded/1',
    PLAN,
    'allowed',
    /aws_iam_policy\.shared/,
  ],
  ['a boundary', 'jobs/bounded', PUT, 'example-bounded/1', PLAN, 'denied', /boundary/],
  [
    'a state',
    'jobs/worker-1',
    GET,
    'example-worker-1/1',
    [...STATE, ...NO_POLICY],
    'allowed',
    /aws_iam_role_policy\.worker\[1\]/,
  ],
  [
    'a bucket policy of a state',
    'jobs/bounded',
    PUT,
    'example-bounded/locked/1',
    STATE,
    'denied',
    /policy of bucket example-bounded/,
  ],
  [
    'a changed policy, whose old text is still in the role',
    'jobs/worker-0',
    GET,
    'example-worker-0/1',
    [...UPDATE, ...NO_POLICY],
    'denied',
    /no identity-based policy allows/,
  ],
  [
    'a changed policy',
    'jobs/worker-0',
    PUT,
    'example-worker-0/1',
    [...UPDATE, ...NO_POLICY],
    'allowed',
    /aws_iam_role_policy\.worker\[0\]/,
  ],
  // Terraform: provider 6.57.1.
  ['a target role', 'payments/chained', GET, 'example-target/1', [...NEWER, ...NO_POLICY], 'allowed', /role\/target/],
  [
    'an external id after apply',
    'payments/guarded',
    GET,
    'example-target/1',
    [...NEWER, ...NO_POLICY],
    'unknown',
    /aws_eks_pod_identity_association\.guarded\.external_id: known only after apply/,
  ],
  [
    'an external id of a known account and region',
    'payments/guarded',
    GET,
    'example-target/1',
    [...NEWER, ...NO_POLICY, '--account', '111122223333'],
    'allowed',
    /target-guarded/,
  ],
  [
    'a session policy',
    'payments/limited',
    GET,
    'example-limited/a/1',
    [...NEWER, ...NO_POLICY],
    'allowed',
    /session policy of the association/,
  ],
  [
    'outside of a session policy',
    'payments/limited',
    GET,
    'example-limited/b/1',
    [...NEWER, ...NO_POLICY],
    'denied',
    /session policy/,
  ],
  [
    'a session policy after apply',
    'payments/late',
    GET,
    'example-limited/a/1',
    [...NEWER, ...NO_POLICY],
    'unknown',
    /aws_eks_pod_identity_association\.late\.policy.*known only after apply/,
  ],
  [
    'session tags',
    'payments/tagged',
    GET,
    'example-tagged/payments/1',
    [...NEWER, ...NO_POLICY],
    'allowed',
    /example-tagged\/payments/,
  ],
  [
    'session tags switched off',
    'payments/untagged',
    GET,
    'example-tagged/payments/1',
    [...NEWER, ...NO_POLICY],
    'denied',
    /no identity-based policy allows/,
  ],
  [
    'a policy in the list of exclusive ones',
    'payments/exclusive',
    GET,
    'example-kept/1',
    [...NEWER, ...NO_POLICY],
    'allowed',
    /aws_iam_role_policy\.kept/,
  ],
  [
    'a policy outside of that list',
    'payments/exclusive',
    GET,
    'example-dropped/1',
    [...NEWER, ...NO_POLICY],
    'denied',
    /no identity-based policy allows/,
  ],
  [
    'kubernetes_service_account with an annotation after apply',
    'payments/web',
    GET,
    'example-web/1',
    [...NEWER, ...NO_POLICY],
    'allowed',
    /IRSA: .*role\/web/,
  ],
  [
    'a trust policy after apply',
    'payments/blind',
    GET,
    'example-blind/1',
    [...NEWER, ...NO_POLICY],
    'unknown',
    /aws_iam_role\.blind.*known only after apply/,
  ],
  [
    'a policy of a role that an object of for_each names',
    'payments/either-a',
    GET,
    'example-either/1',
    [...NEWER, ...NO_POLICY],
    'unknown',
    /aws_iam_role_policy\.either\["a"\]\.role is known only after apply/,
  ],
  // CloudFormation and CDK.
  ['a template', 'payments/ledger', GET, 'example-production/1', TEMPLATE, 'allowed', /association Association/],
  [
    'a parameter',
    'other/ledger',
    GET,
    'example-production/1',
    [...TEMPLATE, '--value', 'Namespace=other'],
    'allowed',
    /association Association/,
  ],
  [
    'a condition that is false',
    'payments/ledger',
    GET,
    'example-staging/1',
    [...TEMPLATE, '--value', 'Environment=staging'],
    'denied',
    /no association/,
  ],
  [
    'a bucket policy of a template',
    'payments/ledger',
    PUT,
    'example-production/locked/1',
    TEMPLATE,
    'denied',
    /policy of bucket example-production/,
  ],
  [
    'a bucket without a name',
    'payments/ledger',
    GET,
    'example-unnamed/1',
    [...TEMPLATE, ...NO_POLICY],
    'unknown',
    /Unnamed\.Arn/,
  ],
  [
    'a bucket whose name is given',
    'payments/ledger',
    GET,
    'example-unnamed/1',
    [...TEMPLATE, ...NO_POLICY, '--value', 'Unnamed.Arn=arn:aws:s3:::example-unnamed'],
    'allowed',
    /Read/,
  ],
  [
    'a target role of a template',
    'payments/chained',
    GET,
    'example-target/1',
    [...TEMPLATE, ...NO_POLICY, '--value', 'Unnamed.Arn=arn:aws:s3:::u'],
    'allowed',
    /target/,
  ],
  [
    'a session policy of a template',
    'payments/limited',
    GET,
    'example-production/b/1',
    TEMPLATE,
    'denied',
    /session policy/,
  ],
  [
    "keys of CDK's CfnJson",
    'payments/ledger',
    GET,
    'example-cdk/1',
    [...CDK, ...manifest('cdk-account'), ...NO_POLICY],
    'allowed',
    /IRSA: .*cdk-ledger/,
  ],
  [
    "keys of CDK's CfnJson for another account",
    'batch/ledger',
    GET,
    'example-cdk/1',
    [...CDK, ...manifest('cdk-account'), ...NO_POLICY],
    'denied',
    /AssumeRoleWithWebIdentity is denied/,
  ],
  // Kubernetes.
  [
    'a sidecar of skip-containers',
    'web/shop',
    GET,
    'example-shop/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'allowed',
    /container proxy of Deployment skipped/,
  ],
  [
    'no container but skipped ones',
    'web/shop',
    GET,
    'example-shop/1',
    [...PLAN, ...manifest('skip-all'), ...NO_POLICY],
    'denied',
    /skip-containers/,
  ],
  [
    'static keys',
    'web/shop',
    GET,
    'example-shop/1',
    [...PLAN, ...manifest('keys'), ...NO_POLICY],
    'unknown',
    /container app of CronJob keys sets AWS_ACCESS_KEY_ID/,
  ],
  [
    'static keys of a secret in the file',
    'web/shop',
    GET,
    'example-shop/1',
    [...PLAN, ...manifest('env-from'), ...NO_POLICY],
    'unknown',
    /container app of StatefulSet ledger sets AWS_ACCESS_KEY_ID/,
  ],
  [
    'a token of its own',
    'web/shop',
    GET,
    'example-shop/1',
    [...PLAN, ...manifest('own-token'), ...NO_POLICY],
    'unknown',
    /container app of Pod own sets AWS_WEB_IDENTITY_TOKEN_FILE/,
  ],
  [
    'an association, which wins over an annotation',
    'jobs/worker-0',
    GET,
    'example-worker-0/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'allowed',
    /association aws_eks_pod_identity_association\.worker\[0\]/,
  ],
  [
    'a role of another account',
    'payments/elsewhere',
    's3:ListAllMyBuckets',
    '*',
    [...PLAN, ...ACCOUNTS],
    'unknown',
    /444455556666/,
  ],
  [
    'an annotation without an ARN',
    'payments/misspelt',
    GET,
    'example-ledger/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'denied',
    /role\/irsa is not the ARN of a role/,
  ],
  [
    'an annotation of another namespace',
    'web/irsa',
    GET,
    'example-ledger/1',
    [...PLAN, ...ACCOUNTS, ...NO_POLICY],
    'denied',
    /nearest: ServiceAccount payments\/irsa/,
  ],
];

const CODES: Readonly<Record<number, Value>> = { 0: 'allowed', 1: 'denied', 3: 'unknown' };
const ask = (account: string, action: string, resource: string, flags: readonly string[]): Promise<Executed> =>
  executed('can', [
    account,
    action,
    /^(?:arn:|\*$)/.test(resource) ? resource : `arn:aws:s3:::${resource}`,
    ...flags,
    '--no-color',
  ]);

describe('can with files', () => {
  for (const [what, account, action, resource, flags, value, reason] of QUESTIONS)
    it(`answers ${value} for ${what}`, async () => {
      const { code, out, err } = await ask(account, action, resource, flags);
      expect(CODES[code], out + err).to.equal(value);
      expect(out.replaceAll(/\s+/g, ' ')).to.match(reason);
    });

  const written = (name: string, content: string | object): string => {
    const file = join(temporaryFolder(), name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  const plan = (resource: object, version = '1.2'): object => ({
    format_version: version,
    values: { root_module: { resources: [resource] } },
  });
  const association = (values: object): object =>
    plan({
      address: 'aws_eks_pod_identity_association.a',
      mode: 'managed',
      type: 'aws_eks_pod_identity_association',
      values,
    });
  const known = { cluster_name: 'c', namespace: 'payments', service_account: 'ledger' };
  const bad: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ['a plan that is not JSON', () => ['--terraform', written('plan.json', '{"a"')], /plan\.json is not JSON: /],
    [
      'a plan that is a template',
      () => ['--terraform', `${FIXTURES}/cdk.template.json`],
      /cdk\.template\.json is not output of "terraform show -json".*--template/,
    ],
    [
      'a template that is a plan',
      () => ['--template', `${FIXTURES}/terraform/plan.json`],
      /plan\.json is not a template.*--terraform/,
    ],
    [
      'another version of the format',
      () => ['--terraform', written('plan.json', plan({}, '2.0'))],
      /plan\.json .*format 2\.0/,
    ],
    [
      'an attribute of another type',
      () => ['--terraform', written('plan.json', association({ ...known, role_arn: { arn: 'x' } }))],
      /plan\.json .*aws_eks_pod_identity_association\.a.*role_arn/,
    ],
    [
      'a missing attribute',
      () => ['--terraform', written('plan.json', association(known))],
      /plan\.json .*aws_eks_pod_identity_association\.a.*role_arn/,
    ],
    [
      'an unresolved import',
      () => [...TEMPLATE, '-n', 'payments', '--service-account', 'imported'],
      /template\.yaml .*RoleOfAnotherStack.*Imported.*--value RoleOfAnotherStack=/,
    ],
    [
      'a manifest that is not YAML',
      () => [
        '--manifest',
        written('a.yaml', 'apiVersion: v1\n{{- if .Values.a }}\nkind: ServiceAccount\n{{- end }}\n'),
      ],
      /a\.yaml is not YAML: .*line 2/,
    ],
    [
      'a document that is not an object of Kubernetes',
      () => [
        '--manifest',
        written('a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nservices: {}\n'),
      ],
      /a\.yaml, line 5: .*no "apiVersion" and "kind"/,
    ],
    [
      'a manifest with neither service accounts nor pods',
      () => ['--manifest', written('a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n')],
      /a\.yaml has no service account and no pods/,
    ],
    [
      'a service account without a name',
      () => ['--manifest', written('a.yaml', 'apiVersion: v1\nkind: ServiceAccount\n')],
      /a\.yaml, line 1: .*no name/,
    ],
  ];
  for (const [what, flags, sentence] of bad)
    it(`rejects ${what} in one sentence`, async () => {
      const args = flags();
      const { code, out, err } = args.includes('-n')
        ? await executed('can', [GET, 'arn:aws:s3:::data/1', ...args, ...NO_POLICY])
        : await ask('payments/ledger', GET, 'data/1', [...args, ...NO_POLICY]);
      expect(err, out).to.match(sentence);
      expect(err.trim().split('\n')).to.have.length(1);
      expect(code).to.equal(2);
    });

  it('reads a manifest from standard input', async () => {
    const input =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: web}\nspec: {serviceAccountName: shop, containers: [{name: app, env: [{name: AWS_PROFILE, value: x}]}]}\n';
    const args = [
      'web/shop',
      GET,
      'arn:aws:s3:::example-shop/1',
      ...PLAN,
      ...NO_POLICY,
      '--manifest',
      '-',
      '--no-color',
    ];
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(builtPackage(), 'bin/conformance.js'), 'can', ...args],
      {
        ...{ input, cwd: ROOT, encoding: 'utf8' },
      },
    );
    expect(stdout).to.contain('container app of Pod p sets AWS_PROFILE');
    expect(status).to.equal(3);
  });
});
