import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import { ROOT, temporaryFolder } from '../../test/support/run-cli.ts';
import { neededPolicy, startEmulator, type Emulator, type EmulatorOptions, type World } from './index.ts';

const READ = { Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' } };
const TRUST = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:user/ann' }, Action: 'sts:AssumeRole' },
};

describe('startEmulator', () => {
  const running: Emulator[] = [];
  const start = async (options: EmulatorOptions): Promise<Emulator> => {
    const emulator = await startEmulator(options);
    running.push(emulator);
    return emulator;
  };
  afterEach(() => Promise.all(running.splice(0).map((emulator) => emulator.stop())));

  it('creates a world, and returns the calls of its users with the deciding statements and the policy that they need', async () => {
    const emulator = await start({
      world: {
        roles: [{ name: 'reader', trust: TRUST, policies: [{ name: 'read', document: READ }] }],
        buckets: [{ name: 'data', objects: { 'hello.txt': 'hello' } }],
        users: [{ name: 'ann' }],
      },
    });
    expect(emulator.calls()).to.deep.equal([]);
    const { endpoint, region, users } = emulator;
    const sts = new STSClient({ endpoint, region, credentials: users['ann']! });
    const role = { RoleArn: 'arn:aws:iam::111122223333:role/reader', RoleSessionName: 'test' };
    const { Credentials: key } = await sts.send(new AssumeRoleCommand(role));
    const credentials = {
      accessKeyId: key!.AccessKeyId!,
      secretAccessKey: key!.SecretAccessKey!,
      sessionToken: key!.SessionToken!,
    };
    const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'hello.txt' }));
    expect(await Body!.transformToString()).to.equal('hello');
    const denied = await s3
      .send(new GetObjectCommand({ Bucket: 'other', Key: 'x' }))
      .catch((error: Error) => error.name);
    expect(denied).to.equal('NoSuchBucket');
    const [, read] = emulator.calls();
    expect(read).to.include({ number: 2, operation: 'GetObject', status: 200 });
    expect(read?.authorizations[0]).to.include({ action: 's3:GetObject', decision: 'allowed' });
    expect(read?.authorizations[0]?.deciding).to.deep.equal([
      { policy: 'inline policy read of role reader', kind: 'identity', sid: undefined, effect: 'Allow', statement: 1 },
    ]);
    expect(neededPolicy([read!]).Statement).to.deep.equal([
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::data/hello.txt'] },
    ]);
  });

  it('gives a cluster with the associations, whose kubeconfig has all rights', async () => {
    const world: World = {
      cluster: 'blue',
      roles: [{ name: 'app' }, { name: 'web', irsa: ['default/web'] }],
      associations: [{ namespace: 'default', serviceAccount: 'app', role: 'app' }],
    };
    const { cluster } = await start({ world });
    expect(cluster?.name).to.equal('blue');
    const config = new KubeConfig();
    config.loadFromString(cluster!.kubeconfig);
    const connection = connect(config);
    const pod = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' } },
      spec: { serviceAccountName: 'app', containers: [{ name: 'app', image: 'app' }] },
    };
    await connection.json('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'app' } });
    const created = await connection.json<typeof pod>('POST', '/api/v1/namespaces/default/pods?dryRun=All', pod);
    connection.close();
    expect(JSON.stringify(created)).to.contain('AWS_CONTAINER_CREDENTIALS_FULL_URI');
  });

  it('reads policies from a plan of Terraform, and rejects two policies of one name', async () => {
    const file = join(temporaryFolder(), 'world.yaml');
    const plan = join(ROOT, 'examples', 'terraform', 'plan.json');
    const read = { file: plan, resource: 'aws_iam_role_policy.read' };
    const role = { name: 'ledger', trust: { file: plan, resource: 'aws_iam_role.ledger' }, policies: [read] };
    writeFileSync(file, JSON.stringify({ roles: [role] }));
    const emulator = await start({ world: file });
    const iam = new IAMClient({ endpoint: emulator.endpoint, region: 'us-west-2', credentials: emulator.credentials });
    const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName: 'ledger' }));
    expect(PolicyNames).to.deep.equal(['aws_iam_role_policy.read']);
    writeFileSync(file, JSON.stringify({ roles: [{ ...role, policies: [read, read] }] }));
    const problem = await startEmulator({ world: file }).catch((reason: Error) => reason.message);
    expect(problem).to.contain('policies of ledger: two are "aws_iam_role_policy.read". Name one');
  });

  for (const [world, problem] of [
    [{ rolls: [] }, 'must not have "rolls": did you mean'],
    [
      { roles: [{ name: 'app', policies: ['arn:aws:iam::aws:policy/Nothing'] }] },
      /^world: role app: AWS answers NoSuchEntity/,
    ],
    [
      { associations: [{ namespace: 'a', serviceAccount: 'b', role: 'none' }] },
      /^world: association of a\/b: AWS answers /,
    ],
    [{ roles: [{ name: 'app', trust: { file: 'nowhere.json' } }] }, /nowhere\.json cannot be read/],
  ] as const)
    it(`rejects the world ${JSON.stringify(world)}`, async () => {
      const error = await startEmulator({ world: world as unknown as World }).catch((reason: Error) => reason.message);
      if (typeof problem === 'string') expect(error).to.contain(problem);
      else expect(error).to.match(problem);
    });
});
