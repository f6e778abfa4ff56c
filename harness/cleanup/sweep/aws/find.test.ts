import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateBucketCommand, S3Client, type ListBucketsCommandOutput } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { tagsOf } from '../../../../foundation/aws/tags.ts';
import { startEmulator, type Emulator } from '../../../../emulator/index.ts';
import type { AwsClients } from '../../../../aws/clients.ts';
import { findInAccount } from './find.ts';

const RUN = 'c1a2b3d';
const TAGS = tagsOf(RUN, new Date(0), 'us-west-2');
const LIST = Object.entries(TAGS).map(([Key, Value]) => ({ Key, Value }));
const SUBNETS = { subnetIds: ['subnet-0000000000000000a', 'subnet-0000000000000000b'] };
const EKS_ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/ABCDEF';
const GITHUB = 'token.actions.githubusercontent.com';
const BUCKET = `conformance-${RUN}-ab-01-data`;
const ALL = [
  `OIDC provider arn:aws:iam::111122223333:oidc-provider/${EKS_ISSUER}`,
  `bucket ${BUCKET}`,
  `cluster conformance-${RUN}-c1`,
];

describe('the search for leftovers in a shared AWS account', () => {
  let emulator: Emulator;
  let clients: AwsClients;

  beforeEach(async () => {
    emulator = await startEmulator();
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    const config = { endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    clients = { s3, eks: new EKSClient(config), iam: new IAMClient(config), sts: new STSClient(config) };
    const { iam, eks } = clients;
    const ClientIDList = ['sts.amazonaws.com'];
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: `https://${EKS_ISSUER}`, ClientIDList, Tags: LIST }));
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: `https://${GITHUB}`, ClientIDList }));
    const Principal = { Service: 'eks.amazonaws.com' };
    const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] };
    const role = { RoleName: 'of-clusters', AssumeRolePolicyDocument: JSON.stringify(trust) };
    const roleArn = (await iam.send(new CreateRoleCommand(role))).Role?.Arn;
    for (const name of [`conformance-${RUN}-c1`, 'blue'])
      await eks.send(new CreateClusterCommand({ name, roleArn, tags: TAGS, resourcesVpcConfig: SUBNETS }));
    const CreateBucketConfiguration = { LocationConstraint: 'us-west-2', Tags: LIST } as const;
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }));
  });
  afterEach(() => {
    for (const client of Object.values(clients) as { destroy(): void }[]) client.destroy();
    return emulator.close();
  });

  /** Makes the client fail with this error for commands whose input contains `named`. */
  function refuse(client: IAMClient | EKSClient | S3Client, command: string, named: string, error: string): void {
    (client as IAMClient).middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === command && JSON.stringify(args.input).includes(named))
            throw Object.assign(new Error(`No policy allows ${command}.`), { name: error });
          return next(args);
        },
      { step: 'initialize' },
    );
  }

  async function look(...runs: string[]) {
    const { things, refused, unseen } = await findInAccount({
      clients,
      services: undefined,
      account: 'main',
      runs,
      kubernetes: { find: async () => [] },
    });
    return { names: things.map(({ name }) => name).sort(), refused, unseen };
  }

  it('ignores a provider that it may not read and that is not an issuer of EKS, such as that of the job', async () => {
    refuse(clients.iam, 'ListOpenIDConnectProviderTagsCommand', GITHUB, 'AccessDenied');
    expect(await look()).to.deep.equal({ names: ALL, refused: [], unseen: [] });
  });

  it('reports clusters of others that it may not read, and finds the rest', async () => {
    refuse(clients.eks, 'DescribeClusterCommand', 'blue', 'AccessDeniedException');
    expect(await look()).to.deep.equal({
      names: ALL,
      refused: [{ title: 'cluster blue', why: 'may not be read with these credentials' }],
      unseen: [],
    });
  });

  for (const [what, client, command, named, error] of [
    ['an issuer of EKS in its region', 'iam', 'ListOpenIDConnectProviderTagsCommand', EKS_ISSUER, 'AccessDenied'],
    ['a bucket with the name of a run', 's3', 'GetBucketTaggingCommand', BUCKET, 'AccessDenied'],
    ['a cluster with the name of a run', 'eks', 'DescribeClusterCommand', `${RUN}-c1`, 'AccessDeniedException'],
  ] as const)
    it(`reports ${what} that it may not read, and finds the rest`, async () => {
      refuse(clients[client], command, named, error);
      const { names, unseen } = await look();
      const title = ALL.find((one) => one.endsWith(named)) ?? '';
      expect(names).to.deep.equal(ALL.filter((one) => one !== title));
      expect(unseen.map((one) => one.title)).to.deep.equal([title]);
      expect(unseen[0]?.why).to.include(`No policy allows ${command}`);
    });

  it('does not read resources with the name of another run', async () => {
    refuse(clients.s3, 'GetBucketTaggingCommand', BUCKET, 'AccessDenied');
    refuse(clients.eks, 'DescribeClusterCommand', `${RUN}-c1`, 'AccessDeniedException');
    expect(await look('c765432')).to.deep.include({ refused: [], unseen: [] });
  });

  it('fails if it may not list resources', async () => {
    refuse(clients.iam, 'ListRolesCommand', '', 'AccessDenied');
    expect(await look().catch((error: Error) => error.name)).to.equal('AccessDenied');
  });

  it('leaves buckets of other regions to sweeps there', async () => {
    clients.s3.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          // S3's error for a bucket in another region (Amazon S3 API Reference, "Error responses").
          if (commandName !== 'ListBucketsCommand')
            throw Object.assign(new Error('The bucket is in another region.'), { name: 'PermanentRedirect' });
          const result = await next(args);
          for (const bucket of (result.output as ListBucketsCommandOutput).Buckets ?? [])
            bucket.BucketRegion = 'eu-west-1';
          return result;
        },
      { step: 'initialize' },
    );
    expect((await look()).names).to.deep.equal(ALL.filter((title) => !title.startsWith('bucket')));
  });
});
