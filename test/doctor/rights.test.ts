import { expect } from 'chai';
import { policyDocument } from '../../doctor/collect/index.ts';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { EC2Client, DescribeInstancesCommand, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import { collectedCluster, type CollectedCluster } from '../support/collected-cluster.ts';
import { runConformance } from '../support/run-cli.ts';
import { PODS, policy, roleArn } from './site.ts';

describe('doctor with the rights of --print-policy and --print-rbac', () => {
  let site: CollectedCluster;
  before(async () => {
    site = await collectedCluster();
    const { cloud, kubernetes } = site;
    await cloud.setPolicy(JSON.stringify(policyDocument()));
    const namespace = '/api/v1/namespaces/payments';
    for (const name of ['reports', 'gone', 'malformed'])
      await kubernetes.json('DELETE', `${namespace}/serviceaccounts/${name}`);
    // Pods must not reach the node role.
    const { endpoint, region, administrator } = cloud.emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    const ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
    for (const { InstanceId } of Reservations.flatMap(({ Instances = [] }) => Instances))
      await ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpPutResponseHopLimit: 1 }));
    ec2.destroy();
  });
  after(() => site.close());

  const doctor = (
    env: Readonly<Record<string, string>>,
    more: readonly string[] = [],
    endpoints: readonly string[] = [],
  ) =>
    runConformance({
      command: 'doctor',
      reports: 'own',
      env: { AWS_EC2_METADATA_DISABLED: 'true', ...env },
      args: [
        ...['--kubeconfig', site.kubeconfig({ prod: { user: { token: site.token } } }), '--no-color'],
        ...['--region', 'us-west-2', '--aws-endpoint', [site.cloud.emulator.endpoint, ...endpoints].join(',')],
        ...more,
      ],
    });

  it('exits with 0 for a healthy cluster, and names the role of another account', async () => {
    const { exitCode, stdout, stderr } = await doctor(site.cloud.environment);
    expect(exitCode, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/^ {2}iam:GetRole \(another account\) for .*arn:aws:iam::444455556666:role\/app/m);
    expect(stdout).to.match(/\nNothing found in what could be read: (\d+) of \d+ checks\.\n$/);
  });

  it('exits with 2 for credentials that have expired, are wrong or do not exist', async () => {
    const expired = site.cloud.session();
    site.cloud.endSession(expired);
    const runs = await Promise.all([
      doctor(expired),
      doctor({ ...site.cloud.environment, AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' }),
      doctor({}),
    ]);
    const sentences = [
      /^The AWS credentials have expired/m,
      /^AWS does not accept the credentials/m,
      /^No AWS credentials/m,
    ];
    for (const [index, { exitCode, stdout, stderr }] of runs.entries()) {
      expect(exitCode, stderr).to.equal(2);
      expect(stderr).to.match(sentences[index]!);
      expect(stderr).to.contain('--kubernetes-only');
      expect(stdout).to.equal('');
    }
  });

  it('exits with 3 while AWS, EKS or IAM is away, for a cluster that is broken there and for a healthy one', async () => {
    const { eks, iam } = site.cloud.aws.clients('main');
    const runs = () =>
      Promise.all(
        ['sts', 'eks', 'iam'].map((service) => doctor(site.cloud.environment, [], [`${service}=http://127.0.0.1:1`])),
      );
    const healthy = await runs();
    const trust = policy({ Principal: { Service: PODS }, Action: 'sts:AssumeRole' });
    await iam.send(new CreateRoleCommand({ RoleName: 'broken', AssumeRolePolicyDocument: trust }));
    await site.kubernetes.json('POST', '/api/v1/namespaces/payments/serviceaccounts', { metadata: { name: 'broken' } });
    const association = { clusterName: 'blue', namespace: 'payments', serviceAccount: 'broken' };
    await eks.send(new CreatePodIdentityAssociationCommand({ ...association, roleArn: roleArn('broken') }));
    for (const { exitCode, stdout } of [...healthy, ...(await runs())]) {
      expect(exitCode, stdout).to.equal(3);
      expect(stdout).to.match(/\n\nNot checked, or not for all objects \(\d+\)\n/);
    }
  });
});
