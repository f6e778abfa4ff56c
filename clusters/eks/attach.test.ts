import {
  CreateAddonCommand,
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeAddonCommand,
  DescribeNodegroupCommand,
} from '@aws-sdk/client-eks';
import {
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { presignedClusterToken } from '../../aws/cluster-token.ts';
import type { RunningCluster } from '../interface/driver.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import { eksDriver } from './index.ts';
import type { EksOptions } from './options.ts';
import { SLOW, testSite, withClusters, type TestSite } from '../../test/support/eks-cluster.ts';

const ADDON = { clusterName: 'blue', addonName: 'eks-pod-identity-agent' };
interface Counts {
  readonly desiredNumberScheduled?: number;
}

const AGENT = '/apis/apps/v1/namespaces/kube-system/daemonsets/eks-pod-identity-agent';
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-pod-identity-conformance';

describe('an existing EKS cluster', () => {
  let site: TestSite;
  let blue: RunningCluster;

  const start = async (settings: NonNullable<Parameters<typeof testSite>[1]>['settings'] = {}): Promise<void> => {
    site = await testSite(presignedClusterToken, { settings });
    blue = await eksDriver(site.options()).provision(site.request('blue'));
    site.lines.length = 0;
  };
  const attach = (over: Partial<EksOptions> = {}, alias: 'c1' | 'c2' = 'c1'): Promise<RunningCluster> => {
    const driver = eksDriver(site.options({ run: 'cabcdef', attach: ['blue'], ...over }));
    return driver.provision(site.request(driver.clusterName(alias), { alias }));
  };
  const refusal = async (work: Promise<unknown>): Promise<ClusterError> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, String(error)).to.be.instanceOf(ClusterError);
    return error as ClusterError;
  };

  afterEach(() => site.close());

  it('stays unchanged when a run has used it', async () => {
    await start();
    const before = await site.left();
    const driver = eksDriver(site.options({ attach: ['blue'] }));
    expect(driver.disposable).to.equal(false);
    const cluster = await driver.provision(site.request(driver.clusterName('c1')));
    expect(cluster.facts).to.include({ agentChart: '0.1' });
    expect(cluster).to.include({ name: 'blue', issuer: blue.issuer, nodeRoleArn: blue.nodeRoleArn });
    for (const [capability, there] of [
      ['kubernetes', true],
      ['irsa', true],
      ['two-clusters', false],
      ['agent-stop', false],
      ['node-role', false],
      ['own-cluster', false],
      // According to the existing DaemonSet.
      ['agent-token-cache', true],
      ['agent-pod-cache', false],
      ['agent-token-validation', false],
    ] as const)
      expect(driver.capabilities.has(capability), capability).to.equal(there);
    await cluster.delete();
    expect(await site.left()).to.deep.equal(before);
    const { addon } = await site.eks.send(new DescribeAddonCommand(ADDON));
    expect(addon?.status).to.equal('ACTIVE');
  });

  it('gets a missing OIDC provider and add-on for the duration of the run', async () => {
    await start({ delays: SLOW });
    await site.iam.send(
      new DeleteOpenIDConnectProviderCommand({
        OpenIDConnectProviderArn: blue.providerArn,
      }),
    );
    await site.eks.send(new DeleteAddonCommand(ADDON));
    await goneFromEks(() => site.eks.send(new DescribeAddonCommand(ADDON)));
    const driver = eksDriver(site.options({ attach: ['blue'], addonVersion: 'v1.3.9-eksbuild.5' }));
    const cluster = await driver.provision(site.request('blue'));
    expect(cluster.providerArn).to.equal(blue.providerArn);
    expect(cluster.facts).to.include({ agentAddonVersion: 'v1.3.9-eksbuild.5' });
    // The run installed the agent.
    expect(driver.capabilities.has('agent-stop')).to.equal(true);
    await cluster.delete();
    expect(await site.left()).to.deep.equal(['blue', 'blue-cluster', 'blue-node']);
    await goneFromEks(() => site.eks.send(new DescribeAddonCommand(ADDON)));
  });

  it('serves one run at a time', async () => {
    await start();
    const cluster = await attach();
    const error = await refusal(attach({ run: 'c123456' }));
    expect(error).to.include({ code: 'CLUSTER_IN_USE', blame: 'environment' });
    expect(error.message).to.match(
      /^Cluster blue is in use by run cabcdef until at least \d{4}-.*\. Wait for it to end/,
    );
    await cluster.delete();
    const next = await attach({ run: 'c123456' });
    await next.delete();
    const connection = connect(blue.kubeConfig);
    const gone = await connection.json('GET', LEASE).catch((reason: { status?: number }) => reason.status);
    connection.close();
    expect(gone).to.equal(404);
  });

  it('is rejected if it does not exist', async () => {
    await start();
    const error = await refusal(attach({ attach: ['green'] }));
    expect(error).to.include({ code: 'CLUSTER_NOT_FOUND', blame: 'usage' });
    expect(error.message).to.contain('no EKS cluster green in us-west-2 of account 111122223333');
  });

  it('is rejected while EKS deletes it', async () => {
    await start({ delays: { ...SLOW, deleteCluster: 60_000 } });
    const group = { clusterName: 'blue', nodegroupName: 'nodes' };
    await site.eks.send(new DeleteNodegroupCommand(group));
    await goneFromEks(() => site.eks.send(new DescribeNodegroupCommand(group)));
    await site.eks.send(new DeleteClusterCommand({ name: 'blue' }));
    const error = await refusal(attach());
    expect(error).to.include({ code: 'CLUSTER_NOT_ACTIVE', blame: 'usage' });
    expect(error.message).to.contain('blue is DELETING');
  });

  it('is rejected if the options select another agent', async () => {
    await start();
    for (const [over, flag] of [
      [{ agentImage: 'example.com/agent:1' }, '--agent-image'],
      [{ addonVersion: 'v1.3.7-eksbuild.2' }, '--addon-version'],
    ] as const) {
      const error = await refusal(attach(over));
      expect(error).to.include({ code: 'NOT_OURS', blame: 'usage' });
      expect(error.message).to.contain(`Leave out ${flag}`);
    }
    const { addon } = await site.eks.send(new DescribeAddonCommand(ADDON));
    expect(addon?.addonVersion).to.equal(blue.facts['agentAddonVersion']);
  });

  it('is rejected with an agent unknown to EKS, which the add-on would take over', async () => {
    await start();
    await site.eks.send(new DeleteAddonCommand(ADDON));
    const connection = connect(blue.kubeConfig);
    try {
      const metadata = { name: ADDON.addonName, namespace: 'kube-system', labels: { app: 'theirs' } };
      const selector = { matchLabels: metadata.labels };
      const containers = [{ name: 'theirs', image: 'theirs:1' }];
      const spec = { selector, template: { metadata: { labels: metadata.labels }, spec: { containers } } };
      const theirs = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec };
      await connection.json('POST', '/apis/apps/v1/namespaces/kube-system/daemonsets', theirs);
      for (const over of [{}, { agentImage: 'example.com/agent:1' }]) {
        const error = await refusal(attach(over));
        expect(error).to.include({ code: 'NOT_OURS', blame: 'usage' });
        expect(error.message).to.contain('DaemonSet kube-system/eks-pod-identity-agent. Name a cluster without one');
      }
      const stored = await connection.json<typeof theirs>('GET', AGENT);
      expect(stored.metadata.labels).to.deep.equal({ app: 'theirs' });
      const addon = await site.eks.send(new DescribeAddonCommand(ADDON)).catch(({ name }: Error) => name);
      expect(addon).to.equal('ResourceNotFoundException');
    } finally {
      connection.close();
    }
  });

  it("in Auto Mode uses its nodes' own agent even if the add-on is installed", async () => {
    site = await testSite(presignedClusterToken);
    blue = await eksDriver(site.options({ compute: 'auto-mode' })).provision(site.request('blue'));
    await site.eks.send(new CreateAddonCommand({ ...ADDON, addonVersion: 'v1.3.9-eksbuild.5' }));
    const connection = connect(blue.kubeConfig);
    // Like the add-on's affinity, which excludes Auto Mode's nodes.
    const elsewhere = { spec: { template: { spec: { nodeSelector: { 'compute-type': 'ec2' } } } } };
    await connection.json('PATCH', AGENT, elsewhere);
    while ((await connection.json<{ status: Counts }>('GET', AGENT)).status.desiredNumberScheduled !== 0)
      await new Promise(setImmediate);
    connection.close();
    const driver = eksDriver(site.options({ run: 'cabcdef', attach: ['blue'] }));
    const cluster = await driver.provision(site.request('blue'));
    expect(cluster.facts).to.include({ agent: 'of EKS Auto Mode' }).and.not.have.property('agentAddonVersion');
    expect(driver.capabilities.has('agent-addon')).to.equal(false);
    await cluster.delete();
    const error = await refusal(attach({ addonVersion: 'v1.3.9-eksbuild.5' }));
    expect(error.message).to.contain('has the agent of EKS Auto Mode').and.contain('Leave out --addon-version');
  });

  it('is rejected if the caller is not its administrator', async () => {
    await start();
    const callerArn = 'arn:aws:sts::111122223333:assumed-role/nightly/ci';
    const driver = eksDriver(site.options({ attach: ['blue'] }));
    const error = await refusal(
      driver.provision(site.request('blue', { callerArn, token: () => Promise.resolve('k8s-aws-v1.bm90aGluZw') })),
    );
    expect(error).to.include({ code: 'NO_ACCESS', blame: 'usage' });
    expect(error.message).to.equal(
      'arn:aws:iam::111122223333:role/nightly is not an administrator of cluster blue in Kubernetes (401 Unauthorized): add an access entry for it with AmazonEKSClusterAdminPolicy.',
    );
  });

  it('is not enough for scenarios that need two clusters', async () => {
    await start();
    expect((await refusal(attach({}, 'c2'))).message).to.contain('need two clusters');
  });

  it('may lack an API server if the options allow it', async () => {
    site = await testSite(presignedClusterToken, {
      // Nothing listens on the discard port.
      wrap: withClusters(() => ({ endpoint: 'https://127.0.0.1:9' })),
    });
    const driver = eksDriver(site.options({ kubernetes: 'optional' }));
    const cluster = await driver.provision(site.request('blue'));
    expect(driver.capabilities.has('kubernetes')).to.equal(false);
    expect(driver.capabilities.has('irsa')).to.equal(true);
    const error = await refusal(attach({ timing: { firstPause: 5, longestPause: 5, apiServer: 500 } }));
    expect(error.code).to.equal('CLUSTER_UNREACHABLE');
    expect(error.message).to.contain('does not answer at https://127.0.0.1:9 (ECONNREFUSED)');
    await cluster.delete();
    expect(await site.left()).to.deep.equal([]);
  });

  it('is rejected if its OIDC provider lacks the audience of IRSA', async () => {
    await start();
    await site.iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({
        OpenIDConnectProviderArn: blue.providerArn,
        ClientID: 'sts.amazonaws.com',
      }),
    );
    expect((await refusal(attach())).message).to.contain('does not have the audience sts.amazonaws.com');
    const { ClientIDList } = await site.iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: blue.providerArn }),
    );
    expect(ClientIDList ?? []).to.deep.equal([]);
  });

  const goneFromEks = async (describe: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      const code = await describe().then(
        () => undefined,
        (error: Error) => error.name,
      );
      if (code === 'ResourceNotFoundException') return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
});
