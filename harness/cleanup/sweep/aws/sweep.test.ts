import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  CreatePodIdentityAssociationCommand,
  ListClustersCommand,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks';
import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  ListOpenIDConnectProvidersCommand,
  ListPoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListBucketsCommand, PutBucketTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { AGENT_ADDON } from '../../../../clusters/common/agent-addon.ts';
import { tagsOf } from '../../../../foundation/aws/tags.ts';
import { startEmulator } from '../../../../emulator/index.ts';
import { emulatedAws } from '../../../aws-target/emulated.ts';
import type { AwsTarget } from '../../../aws-target/target.ts';
import { sweepAws } from './sweep.ts';
import type { ObjectOfARun } from './in-clusters.ts';

const RUN = 'c1a2b3d';
const HOUR = 3_600_000;
/** The time of the sweeps, so that rounded minutes in messages do not depend on when a test runs. */
const NOW = Date.now();
const EXPIRED = tagsOf(RUN, new Date(NOW - HOUR), 'us-west-2');

const trust = (service: string, ...actions: string[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: ['sts:AssumeRole', ...actions] }],
  });
const list = (tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

describe('the sweep of AWS', () => {
  let aws: AwsTarget;
  let namespaces: ObjectOfARun[];
  let passedOver: Map<string, string>;
  let pauses: number[];
  let paused: () => Promise<unknown>;

  beforeEach(async () => {
    aws = emulatedAws(await startEmulator());
    namespaces = [];
    passedOver = new Map();
    pauses = [];
    paused = () => Promise.resolve();
  });
  afterEach(() => aws.close());

  async function sweep(options: { list?: boolean; run?: string } = {}) {
    let out = '';
    let err = '';
    const code = await sweepAws(
      aws,
      { list: options.list ?? false, runs: options.run === undefined ? [] : [options.run] },
      {
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        now: () => new Date(NOW),
        pause: async (milliseconds) => {
          pauses.push(milliseconds);
          await paused();
        },
        kubernetes: {
          passedOver,
          find: async ({ name }) => (name === 'blue' ? namespaces : []),
          remove: async (_cluster, { name }) => {
            namespaces = namespaces.filter((one) => one.name !== name);
          },
        },
      },
    );
    return { code, out, err };
  }

  async function makeRole(RoleName: string, tags: Readonly<Record<string, string>> | undefined, service: string) {
    const { iam } = aws.clients('main');
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: trust(service, 'sts:TagSession'),
        ...(tags && { Tags: list(tags) }),
      }),
    );
    return Role?.Arn ?? '';
  }

  async function makeCluster(name: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const { eks } = aws.clients('main');
    const roleArn = await makeRole(`role-of-${name}`, undefined, 'eks.amazonaws.com');
    const nodeRole = await makeRole(`node-role-of-${name}`, undefined, 'ec2.amazonaws.com');
    const subnetIds = ['subnet-0000000000000000a', 'subnet-0000000000000000b'];
    await eks.send(new CreateClusterCommand({ name, roleArn, tags, resourcesVpcConfig: { subnetIds } }));
    await eks.send(
      new CreateNodegroupCommand({ clusterName: name, nodegroupName: 'nodes', nodeRole, subnets: subnetIds, tags }),
    );
  }

  /** Creates a resource of every kind for a run, and one of somebody else next to each. */
  async function makeLeftovers(tags = EXPIRED): Promise<void> {
    const { eks, iam, s3 } = aws.clients('main');
    await makeCluster(`conformance-${RUN}-c1`, tags);
    await makeCluster('blue', { team: 'blue' });
    await eks.send(new CreateAddonCommand({ clusterName: `conformance-${RUN}-c1`, addonName: AGENT_ADDON, tags }));
    await eks.send(new CreateAddonCommand({ clusterName: 'blue', addonName: AGENT_ADDON, tags }));
    const roleArn = await makeRole(`conformance-${RUN}-ab-01-app`, tags, 'pods.eks.amazonaws.com');
    const { Policy } = await iam.send(
      new CreatePolicyCommand({
        PolicyName: `conformance-${RUN}-ab-01-app-attached`,
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
        }),
        Tags: list(tags),
      }),
    );
    const RoleName = `conformance-${RUN}-ab-01-app`;
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: Policy?.Arn }));
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'scenario', PolicyDocument }));
    for (const [serviceAccount, associationTags] of [
      ['app', tags],
      ['other', { team: 'blue' }],
    ] as const)
      await eks.send(
        new CreatePodIdentityAssociationCommand({
          clusterName: 'blue',
          namespace: 'shop',
          serviceAccount,
          roleArn,
          tags: associationTags,
        }),
      );
    await iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: 'https://oidc.eks.us-west-2.amazonaws.com/id/ABCDEF',
        ClientIDList: ['sts.amazonaws.com'],
        Tags: list(tags),
      }),
    );
    const Bucket = `conformance-${RUN}-ab-01-data`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: list(tags) } }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'x' }));
    const expires = tags['conformance-expires'] ?? '';
    const expiresAt = new Date(expires);
    namespaces.push({ kind: 'namespace', run: RUN, expires, expiresAt, name: `ab-01-app-${RUN}` });
  }

  /** Returns the names of the existing resources. */
  async function inventory() {
    const { eks, iam, s3 } = aws.clients('main');
    const [clusters, associations, roles, policies, providers, buckets] = await Promise.all([
      eks.send(new ListClustersCommand({})),
      eks.send(new ListPodIdentityAssociationsCommand({ clusterName: 'blue' })),
      iam.send(new ListRolesCommand({})),
      iam.send(new ListPoliciesCommand({ Scope: 'Local' })),
      iam.send(new ListOpenIDConnectProvidersCommand({})),
      s3.send(new ListBucketsCommand({})),
    ]);
    return {
      clusters: clusters.clusters,
      associations: associations.associations?.map(({ serviceAccount }) => serviceAccount),
      roles: roles.Roles?.map(({ RoleName }) => RoleName).filter((name) => name?.startsWith('conformance-')),
      policies: policies.Policies?.map(({ PolicyName }) => PolicyName),
      providers: providers.OpenIDConnectProviderList?.length,
      buckets: buckets.Buckets?.map(({ Name }) => Name),
      namespaces: namespaces.map(({ name }) => name),
    };
  }

  const NOTHING = {
    clusters: ['blue'],
    associations: ['other'],
    roles: [],
    policies: [],
    providers: 0,
    buckets: [],
    namespaces: [],
  };

  it('deletes only the leftovers of an expired run', async () => {
    await makeLeftovers();
    const { code, out, err } = await sweep();
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.contain(`Run ${RUN}, expired 60 min ago`).and.to.contain('Removal complete.');
    expect(out).to.contain('removed association').and.to.contain(`removed add-on ${AGENT_ADDON} of cluster blue`);
    expect(await inventory()).to.deep.equal(NOTHING);
    expect((await sweep()).out).to.contain('no leftovers of any run.');
  });

  it('lists without deleting', async () => {
    await makeLeftovers();
    const before = await inventory();
    const { code, out } = await sweep({ list: true });
    expect(code).to.equal(0);
    for (const line of [
      `cluster conformance-${RUN}-c1`,
      `role conformance-${RUN}-ab-01-app`,
      `bucket conformance-${RUN}-ab-01-data`,
      'OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/ABCDEF',
      `namespace ab-01-app-${RUN} of cluster blue`,
    ])
      expect(out).to.contain(`  ${line}\n`);
    expect(await inventory()).to.deep.equal(before);
  });

  it('skips a run that has not expired, unless --run names it', async () => {
    await makeLeftovers(tagsOf(RUN, new Date(NOW + HOUR), 'us-west-2'));
    const before = await inventory();
    const { code, out } = await sweep();
    expect(code).to.equal(0);
    expect(out).to.match(/expires in (59|60) min .*skipped, unless you name it with --run c1a2b3d/);
    expect(await inventory()).to.deep.equal(before);
    expect((await sweep({ run: 'c999999' })).out).to.contain('no leftovers of run c999999.');
    expect((await sweep({ run: RUN })).code).to.equal(0);
    expect(await inventory()).to.deep.equal(NOTHING);
  });

  for (const [title, tags] of [
    ['no tags', {}],
    ['tags of another run', tagsOf('c765432', new Date(0), 'us-west-2')],
    ['an invalid expiry', { ...EXPIRED, 'conformance-expires': 'soon' }],
  ] as const)
    it(`does not delete a resource with the name of a run and ${title}`, async () => {
      const name = `conformance-${RUN}-mine`;
      await makeRole(name, tags, 'ec2.amazonaws.com');
      const { code, out } = await sweep({ run: RUN });
      expect(code).to.equal(0);
      expect(out).to.contain(`Not touched: role ${name} has the name of a run but not its tags`);
      const { Roles = [] } = await aws.clients('main').iam.send(new ListRolesCommand({}));
      expect(Roles.map(({ RoleName }) => RoleName)).to.include(name);
    });

  it('reports a resource that it may not read, deletes the rest and exits 3', async () => {
    await makeLeftovers();
    aws.clients('main').iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'ListPolicyTagsCommand')
            throw Object.assign(new Error('No policy allows iam:ListPolicyTags.'), { name: 'AccessDenied' });
          return next(args);
        },
      { step: 'initialize' },
    );
    const listed = await sweep({ list: true });
    expect(listed.code).to.equal(3);
    const { code, out, err } = await sweep();
    expect(code).to.equal(3);
    expect(out).not.to.include('Removal complete.');
    expect(err).to.match(
      /^Not readable: policy \S+:policy\/conformance-c1a2b3d-ab-01-app-attached \(AWS denies a call \(No policy allows iam:ListPolicyTags\)[^\n]*\)\.\n$/,
    );
    expect(await inventory()).to.deep.equal({ ...NOTHING, policies: [`conformance-${RUN}-ab-01-app-attached`] });
    // A sweep of a run without such a resource succeeds.
    expect(await sweep({ run: 'c999999' })).to.deep.include({ code: 0, err: '' });
  });

  it('leaves roles of another region to a sweep there, and does not report the removal as complete', async () => {
    await makeCluster('blue', { team: 'blue' });
    const name = `conformance-${RUN}-c1-node`;
    await makeRole(name, tagsOf(RUN, new Date(NOW - HOUR), 'us-east-1'), 'ec2.amazonaws.com');
    await makeRole(`conformance-${RUN}-ab-01-app`, EXPIRED, 'pods.eks.amazonaws.com');
    const sentence = `Not touched: IAM resources of run ${RUN} in region us-east-1: sweep that region with --region us-east-1.\n`;
    const all = await sweep();
    expect(all).to.deep.include({ code: 0, err: '' });
    expect(all.out).to.include(sentence);
    expect((await inventory()).roles).to.deep.equal([name]);
    const named = await sweep({ run: RUN });
    expect(named).to.deep.include({ code: 3, err: sentence });
    expect(named.out).not.to.include('Removal complete.');
    expect((await inventory()).roles).to.deep.equal([name]);
  });

  it('keeps the roles of a cluster that EKS does not delete', async () => {
    await makeLeftovers();
    const ofCluster = ['cluster', 'node'].map((what) => `conformance-${RUN}-c1-${what}`);
    for (const name of ofCluster) await makeRole(name, EXPIRED, 'eks.amazonaws.com');
    aws.clients('main').eks.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'DeleteClusterCommand')
            throw Object.assign(new Error('No policy allows eks:DeleteCluster.'), { name: 'AccessDeniedException' });
          return next(args);
        },
      { step: 'initialize' },
    );
    const { code, err } = await sweep();
    expect(code).to.equal(3);
    for (const name of ofCluster)
      expect(err).to.include(`Not removed: role ${name} (cluster conformance-${RUN}-c1 must be removed first).\n`);
    const { clusters, roles } = await inventory();
    expect({ clusters, roles }).to.deep.equal({ clusters: ['blue', `conformance-${RUN}-c1`], roles: ofCluster });
  });

  it('waits before it searches again, because IAM lists deleted roles for a while', async () => {
    await makeRole(`conformance-${RUN}-ab-01-app`, EXPIRED, 'pods.eks.amazonaws.com');
    const { iam } = aws.clients('main');
    // The role is deleted, but IAM still returns it.
    let isListed = true;
    iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'DeleteRoleCommand' && isListed)
            throw Object.assign(new Error('It is not there.'), { name: 'NoSuchEntity' });
          return next(args);
        },
      { step: 'initialize' },
    );
    paused = async () => {
      isListed = false;
      await iam.send(new DeleteRoleCommand({ RoleName: `conformance-${RUN}-ab-01-app` }));
    };
    const { code, out, err } = await sweep();
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.include('Removal complete.');
    expect(pauses).to.have.lengthOf(1);
  });

  it('reports resources that AWS does not delete, deletes the rest and exits 3', async () => {
    await makeLeftovers();
    const { iam } = aws.clients('main');
    // The policy is still attached to somebody else's role.
    const { Policies } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
    await makeRole('mine', undefined, 'ec2.amazonaws.com');
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'mine', PolicyArn: Policies?.[0]?.Arn }));
    const { code, err } = await sweep();
    expect(code).to.equal(3);
    expect(err).to.match(
      /^Not removed: policy arn:aws:iam::111122223333:policy\/conformance-c1a2b3d-ab-01-app-attached \(DeleteConflict/,
    );
    expect(await inventory()).to.deep.equal({ ...NOTHING, policies: [`conformance-${RUN}-ab-01-app-attached`] });
  });
});
