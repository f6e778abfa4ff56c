import { EKSClient } from '@aws-sdk/client-eks';
import { CreateRoleCommand, IAMClient, ListRolesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { TIMING } from '../../../../clusters/eks/index.ts';
import { startEmulator } from '../../../../emulator/index.ts';
import type { AwsClients } from '../../../../aws/clients.ts';
import { bucketNamed, clusterNamed, roleNamed, type AwsThing } from './things.ts';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const timing = { ...TIMING, firstPause: 1, longestPause: 1 };

const remove = (
  thing: Pick<AwsThing, 'remove'>,
  clients: Partial<AwsClients>,
  progress: (line: string) => void = () => undefined,
): Promise<unknown> =>
  thing.remove({
    clients: clients as AwsClients,
    progress,
    timing,
    kubernetes: { remove: async () => undefined },
  });

/** Returns an EKS client without a server, whose commands are answered by name. */
function eksAnswering(answer: (command: string) => object): EKSClient {
  const eks = new EKSClient({ region: 'us-west-2' });
  eks.middlewareStack.add(
    (_next, { commandName = '' }) =>
      async () => ({ response: {}, output: { ...answer(commandName), $metadata: {} } }),
    { step: 'initialize' },
  );
  return eks;
}

describe('removal of leftovers in AWS', () => {
  it('waits until EKS has created a node group and an add-on, and then deletes them', async () => {
    const calls: string[] = [];
    /** Number of Describe calls until the resource is ACTIVE. */
    const left = new Map([
      ['Nodegroup', 3],
      ['Addon', 3],
    ]);
    const gone = new Set<string>();
    const fail = (name: string): never => {
      throw Object.assign(new Error(name), { name });
    };
    const answer = (command: string): object => {
      const [, verb = '', thing = ''] = /^(List|Describe|Delete)(\w+)Command$/.exec(command) ?? [];
      if (verb === 'List') return thing === 'Addons' ? { addons: ['agent'] } : { nodegroups: ['nodes'] };
      if (gone.has(thing)) return fail('ResourceNotFoundException');
      const looks = left.get(thing) ?? 0;
      if (verb === 'Describe') {
        left.set(thing, looks - 1);
        return { [thing.toLowerCase()]: { status: looks > 0 ? 'CREATING' : 'ACTIVE' } };
      }
      if (looks > 0 || (thing === 'Cluster' && gone.size < 2)) return fail('ResourceInUseException');
      calls.push(command);
      gone.add(thing);
      return {};
    };
    const eks = eksAnswering(answer);
    await remove(clusterNamed('conformance-c1a2b3d-c1'), { eks });
    eks.destroy();
    expect(calls.slice(0, 2).sort()).to.deep.equal(['DeleteAddonCommand', 'DeleteNodegroupCommand']);
    expect(calls.slice(2)).to.deep.equal(['DeleteClusterCommand']);
  });

  it("waits for EKS to remove a role from its nodes' instance profile", async () => {
    const emulator = await startEmulator();
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    const iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    let held = 3;
    iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'DeleteRoleCommand' && (held -= 1) >= 0)
            throw Object.assign(new Error('must remove roles from instance profile first'), { name: 'DeleteConflict' });
          return next(args);
        },
      { step: 'initialize' },
    );
    try {
      const RoleName = 'conformance-c1a2b3d-c1-node';
      const document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: document }));
      await remove(roleNamed(RoleName, 'main'), { iam });
      expect((await iam.send(new ListRolesCommand({}))).Roles).to.deep.equal([]);
    } finally {
      iam.destroy();
      await emulator.close();
    }
  });

  it('deletes a cluster even if one of its add-ons cannot be deleted', async () => {
    const asked: string[] = [];
    const lines: string[] = [];
    const answer = (command: string): object => {
      asked.push(command);
      switch (command) {
        case 'ListAddonsCommand':
          return { addons: ['agent'] };
        case 'ListNodegroupsCommand':
          return { nodegroups: [] };
        case 'DescribeAddonCommand':
          return { addon: { status: 'DELETE_FAILED', health: { issues: [] } } };
        case 'DescribeClusterCommand':
          throw Object.assign(new Error('It is gone.'), { name: 'ResourceNotFoundException' });
        default:
          return {};
      }
    };
    const eks = eksAnswering(answer);
    await remove(clusterNamed('conformance-c1a2b3d-c1'), { eks }, (line) => lines.push(line));
    eks.destroy();
    expect(asked).to.include.members(['DeleteAddonCommand', 'DeleteClusterCommand']);
    expect(lines.join('\n')).to.match(
      /add-on agent of cluster \S+ will be deleted with the cluster: its deletion failed/,
    );
  });

  it('removes a bucket whose policy denies its deletion', async () => {
    const emulator = await startEmulator();
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    const s3 = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true });
    try {
      const Bucket = 'conformance-c1a2b3d-ab-01-data';
      await s3.send(new CreateBucketCommand({ Bucket }));
      await s3.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'x' }));
      const Action = ['s3:ListBucket', 's3:DeleteObject', 's3:DeleteBucket'];
      const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
      const Statement = [{ Effect: 'Deny', Principal: '*', Action, Resource }];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      await remove(bucketNamed(Bucket, 'main'), { s3 });
      expect((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).to.deep.equal([]);
    } finally {
      s3.destroy();
      await emulator.close();
    }
  });
});
