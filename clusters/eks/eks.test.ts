import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  ListAssociatedAccessPoliciesCommand,
} from '@aws-sdk/client-eks';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  ListAttachedRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { trust } from '../../test/support/emulator/iam.ts';
import { DEFAULT_SETTINGS } from '../../emulator/world/new-world.ts';
import { presignedClusterToken } from '../../aws/cluster-token.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import { eksDriver } from './index.ts';
import { FAST, RUN, SLOW, testSite, withClusters, type TestSite } from '../../test/support/eks-cluster.ts';

const startSite = (options?: Parameters<typeof testSite>[1]): Promise<TestSite> =>
  testSite(presignedClusterToken, options);

const NAME = `conformance-${RUN}-c1`;

describe('new EKS clusters', () => {
  let site: TestSite;
  afterEach(() => site.close());

  const rejection = async (work: Promise<unknown>): Promise<ClusterError> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, String(error)).to.be.instanceOf(ClusterError);
    return error as ClusterError;
  };

  it('follow the options, report progress and are deleted without leftovers', async () => {
    site = await startSite({ settings: { delays: SLOW } });
    const RoleName = 'somebody';
    const AssumeRolePolicyDocument = trust({ Service: 'pods.eks.amazonaws.com' });
    const { Role } = await site.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const adminPrincipalArn = Role?.Arn ?? '';
    const driver = eksDriver(site.options({ adminPrincipalArn, kubernetesVersion: '1.33', nodes: 3 }));
    expect(driver.clusterName('c1')).to.equal(NAME);
    const cluster = await driver.provision(site.request(NAME));
    expect(cluster.nodeRoleArn).to.match(new RegExp(`:role/${NAME}-node$`));
    expect(cluster.facts).to.include({ kubernetesVersion: '1.33', platformVersion: 'eks.1' });
    expect(cluster.facts['agentAddonVersion']).to.match(/^v1/);
    for (const line of [`cluster ${NAME}: CREATING`, `node group nodes of cluster ${NAME}: CREATING`])
      expect(site.lines).to.include(line);
    const made = await site.eks.send(new DescribeClusterCommand({ name: NAME }));
    expect(made.cluster?.tags).to.include({ 'conformance-run': RUN });
    // EC2 finds them by their tags.
    expect(made.cluster?.resourcesVpcConfig?.subnetIds).to.have.length.greaterThan(1);
    const policies = await site.eks.send(
      new ListAssociatedAccessPoliciesCommand({ clusterName: NAME, principalArn: adminPrincipalArn }),
    );
    expect(policies.associatedAccessPolicies?.map(({ policyArn }) => policyArn)).to.deep.equal([
      'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
    ]);
    const attached = await site.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: `${NAME}-node` }));
    expect(attached.AttachedPolicies?.map(({ PolicyName }) => PolicyName)).to.have.members([
      'AmazonEKSWorkerNodePolicy',
      'AmazonEKS_CNI_Policy',
      'AmazonEC2ContainerRegistryPullOnly',
    ]);
    expect([...driver.capabilities]).to.include.members(['kubernetes', 'irsa', 'agent-restart', 'node-role']);
    // A policy that a scenario forgot does not prevent the role's deletion.
    await site.iam.send(
      new PutRolePolicyCommand({
        RoleName: `${NAME}-node`,
        PolicyName: 'forgotten',
        PolicyDocument:
          '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}',
      }),
    );
    await cluster.delete();
    await site.iam.send(new DeleteRoleCommand({ RoleName }));
    expect(await site.left()).to.deep.equal([]);
    expect(site.lines).to.include(`deleting cluster ${NAME}: DELETING`);
  });

  it('may use Auto Mode, with its roles and its own agent', async () => {
    const nodesLeft: number[] = [];
    let nodes = (): Promise<number> => Promise.reject(new Error('the cluster does not exist yet'));
    site = await startSite({
      settings: { delays: SLOW },
      wrap: withClusters((cluster) => ({
        delete: async () => {
          nodesLeft.push(await nodes());
          await cluster.delete();
        },
      })),
    });
    const driver = eksDriver(site.options({ compute: 'auto-mode' }));
    const cluster = await driver.provision(site.request(NAME));
    const made = await site.eks.send(new DescribeClusterCommand({ name: NAME }));
    expect(made.cluster?.computeConfig).to.deep.include({ enabled: true, nodeRoleArn: cluster.nodeRoleArn });
    const attached = await site.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: `${NAME}-cluster` }));
    expect(attached.AttachedPolicies).to.have.length(5);
    expect(cluster.facts).to.include({ compute: 'EKS Auto Mode', agent: 'of EKS Auto Mode' });
    expect(driver.capabilities.has('agent-restart')).to.equal(false);
    expect(driver.capabilities.has('pod-identity')).to.equal(true);
    const connection = connect(cluster.kubeConfig);
    nodes = async () => (await connection.json<{ items: unknown[] }>('GET', '/api/v1/nodes')).items.length;
    expect(await nodes()).to.equal(1);
    await cluster.delete();
    connection.close();
    // DeleteCluster would leave behind resources of the nodes.
    expect(nodesLeft).to.deep.equal([0]);
    expect(await site.left()).to.deep.equal([]);
  });

  it('wait until EKS knows the new roles', async () => {
    site = await startSite({ settings: { delays: { ...SLOW, iam: 100 } } });
    const cluster = await eksDriver(site.options()).provision(site.request(NAME));
    await cluster.delete();
    expect(await site.left()).to.deep.equal([]);
  });

  for (const operation of ['CreateCluster', 'CreateNodegroup'])
    it(`wait until EKS knows the service-linked role that ${operation} creates in a new account`, async () => {
      site = await startSite();
      const error = {
        code: 'ResourcePropagationDelayException',
        status: 428,
        message: 'Required resources were created and are still propagating. Retry later.',
      };
      site.emulator.addDisturbance({ service: 'eks', operation, error, times: 2 });
      const cluster = await eksDriver(site.options()).provision(site.request(NAME));
      await cluster.delete();
      expect(await site.left()).to.deep.equal([]);
    });

  it('are deleted after an interrupt, once they are no longer CREATING', async () => {
    site = await startSite({ settings: { delays: { ...SLOW, createCluster: 300 } } });
    const stop = new AbortController();
    const interrupt = new Error('interrupted');
    const progress = (line: string): void => {
      site.lines.push(line);
      if (line === `cluster ${NAME}: CREATING`) stop.abort(interrupt);
    };
    const provision = eksDriver(site.options()).provision(site.request(NAME, { signal: stop.signal, progress }));
    const error = await provision.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.equal(interrupt);
    expect(site.lines).to.include(`deleting cluster ${NAME}: CREATING`);
    expect(await site.left()).to.deep.equal([]);
  });

  it('are deleted when they are FAILED, and the error gives the reason', async () => {
    site = await startSite({
      settings: { delays: SLOW },
      wrap: () => ({ createCluster: () => Promise.reject(new Error('no addresses are free')) }),
    });
    const error = await rejection(eksDriver(site.options()).provision(site.request(NAME)));
    expect(error.message).to.equal(`Cluster ${NAME} is FAILED: InternalFailure: no addresses are free.`);
    expect(await site.left()).to.deep.equal([]);
  });

  it("are deleted when no node joins, and the error gives the node group's health issue", async () => {
    site = await startSite({
      settings: { delays: SLOW },
      wrap: withClusters(() => ({ addNodes: () => Promise.reject(new Error('Instances failed to join')) })),
    });
    const error = await rejection(eksDriver(site.options()).provision(site.request(NAME)));
    expect(error.code).to.equal('NODE_NOT_READY');
    expect(error.message).to.contain('is CREATE_FAILED: NodeCreationFailure: Instances failed to join');
    expect(await site.left()).to.deep.equal([]);
  });

  it('are deleted when the nodes join too late', async () => {
    let join: () => void = () => undefined;
    site = await startSite({
      settings: { delays: SLOW },
      wrap: withClusters(() => ({ addNodes: () => new Promise((resolve) => (join = resolve)) })),
    });
    const request = site.request(NAME, {
      progress: (line) => {
        // EKS rejects the deletion until the nodes have joined.
        if (line === `deleting node group nodes of cluster ${NAME}: CREATING`) join();
      },
    });
    const error = await rejection(eksDriver(site.options({ readyMilliseconds: 1500 })).provision(request));
    // On a busy host the cluster itself may be late.
    expect(error.message).to.match(
      /(Node group nodes of c|C)luster \S+ was not ACTIVE within 1.5 s .*status is CREATING/,
    );
    expect(await site.left()).to.deep.equal([]);
  });

  it('are deleted when the add-on stays DEGRADED, and the error gives its health issue', async () => {
    const degraded = Object.assign(new Error('The add-on is unhealthy: pods crash'), { name: 'AddonDegraded' });
    site = await startSite({
      settings: { delays: SLOW },
      wrap: withClusters(() => ({ installAddon: () => Promise.reject(degraded) })),
    });
    const error = await rejection(eksDriver(site.options()).provision(site.request(NAME)));
    expect(error).to.include({ code: 'AGENT_NOT_READY', blame: 'environment' });
    expect(error.message).to.contain('is DEGRADED: InsufficientNumberOfReplicas: The add-on is unhealthy: pods crash');
    expect(await site.left()).to.deep.equal([]);
  });

  it('that cannot be deleted are reported with the other leftovers, and may be deleted later', async () => {
    let broken = true;
    site = await startSite({
      settings: { delays: SLOW },
      wrap: withClusters((cluster) => ({
        delete: () => (broken ? Promise.reject(new Error('it is held')) : cluster.delete()),
      })),
    });
    const driver = eksDriver(site.options({ timing: { ...FAST, deletion: 1000 } }));
    const cluster = await driver.provision(site.request(NAME));
    const error = await rejection(cluster.delete());
    expect(error.message).to.match(
      new RegExp(`^Left behind: cluster ${NAME} \\(not deleted within .*sweep -- --cluster eks`),
    );
    const [first, ...others] = await site.left();
    expect(first).to.equal(NAME);
    // A cluster needs its roles until EKS has deleted it.
    expect(others).to.include.members([`${NAME}-cluster`, `${NAME}-node`]);
    for (const name of others) expect(error.message).to.include(`${name} (cluster ${NAME} must be removed first)`);
    broken = false;
    await cluster.delete();
    expect(await site.left()).to.deep.equal([]);
  });

  it('are rejected at a quota, which the error names', async () => {
    site = await startSite({ settings: { quotas: { ...DEFAULT_SETTINGS.quotas, clusters: 0 } } });
    const error = await rejection(eksDriver(site.options()).provision(site.request(NAME)));
    expect(error.message).to.match(/^A quota of the account is reached \(ResourceLimitExceededException: /);
    expect(await site.left()).to.deep.equal([]);
  });

  it('are rejected if the name is taken, and the other cluster stays', async () => {
    site = await startSite();
    const first = await eksDriver(site.options()).provision(site.request('taken'));
    const request = site.request('taken');
    const roles = { clusterRoleArn: first.nodeRoleArn.replace(/-node$/, '-cluster'), nodeRoleArn: first.nodeRoleArn };
    const error = await rejection(eksDriver(site.options(roles)).provision(request));
    expect(error.code).to.equal('NAME_TAKEN');
    const { cluster } = await site.eks.send(new DescribeClusterCommand({ name: 'taken' }));
    expect(cluster?.status).to.equal('ACTIVE');
    expect(await site.left()).to.include('taken-node');
  });

  it('get the requested add-on version if EKS offers it', async () => {
    site = await startSite();
    const error = await rejection(
      eksDriver(site.options({ addonVersion: 'v0.0.1-eksbuild.1' })).provision(site.request(NAME)),
    );
    expect(error).to.include({ code: 'NOT_OFFERED', blame: 'usage' });
    expect(error.message).to.contain('v1.3.9-eksbuild.5');
    const addonVersion = 'v1.3.9-eksbuild.5';
    await eksDriver(site.options({ addonVersion })).provision(site.request(NAME));
    const addon = await site.eks.send(
      new DescribeAddonCommand({ clusterName: NAME, addonName: 'eks-pod-identity-agent' }),
    );
    expect(addon.addon?.addonVersion).to.equal(addonVersion);
    const group = await site.eks.send(new DescribeNodegroupCommand({ clusterName: NAME, nodegroupName: 'nodes' }));
    expect(group.nodegroup?.status).to.equal('ACTIVE');
  });
});
