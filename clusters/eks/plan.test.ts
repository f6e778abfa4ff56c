import { expect } from 'chai';
import { configure } from '../../harness/config/configuration.ts';
import { planEks } from './plan.ts';

const text = (flags: readonly string[] = [], clusters = 2, today = new Date('2026-11-25')): string =>
  planEks({ options: configure(['--cluster', 'eks', ...flags], {}), clusters, fixtures: '2 roles', today }).join('\n');

describe('the plan of a run on EKS', () => {
  it('counts the resources that the run would create', () => {
    expect(text()).to.contain('\n  2 roles\n');
    expect(text()).to.contain(
      "2 EKS clusters of EKS's default Kubernetes version, each with a node group of 2 m6i.2xlarge, add-on eks-pod-identity-agent in EKS's default version, an OIDC provider and two roles",
    );
    expect(text(['--kubernetes-version', '1.34', '--addon-version', 'v1.3.8-eksbuild.2'], 1)).to.contain(
      '1 EKS cluster of Kubernetes 1.34, with a node group of 2 m6i.2xlarge, add-on eks-pod-identity-agent v1.3.8-eksbuild.2',
    );
    expect(text(['--agent-image', 'agent:candidate'])).to.contain('a DaemonSet of agent:candidate as the agent');
    expect(text(['--compute', 'auto-mode'])).to.contain('each with Auto Mode nodes, the agent of Auto Mode');
  });

  it('estimates duration and cost, with the date of the prices', () => {
    // Two clusters for a started hour each, and four instances with volume and address for 31 minutes.
    const nodes = 4 * (31 / 60) * (0.384 + (20 * 0.08) / 730 + 0.005);
    expect(text()).to.contain('For about 31 minutes: 13 until the clusters are ready');
    expect(text()).to.contain(
      `Estimated cost: ${(0.2 + nodes).toFixed(2)} USD (clusters 0.20 USD, nodes ${nodes.toFixed(2)} USD; on-demand prices of us-east-1, 2026-06`,
    );
  });

  it('includes the higher price of a version in extended support', () => {
    expect(text(['--kubernetes-version', '1.33'])).to.contain(
      'clusters 1.20 USD because Kubernetes 1.33 is in extended support',
    );
    expect(text(['--kubernetes-version', '1.29'])).to.contain('clusters 1.20 USD');
    expect(text(['--kubernetes-version', '1.34'])).to.contain('clusters 0.20 USD, nodes');
    expect(text(['--kubernetes-version', '1.34'], 2, new Date('2026-12-02'))).to.contain('clusters 1.20 USD because');
  });

  it('reports an unknown price', () => {
    expect(text(['--instance-type', 'x9.huge'])).to.contain('plus x9.huge instances, whose price is unknown');
  });

  it('creates no cluster if existing ones are named', () => {
    const existing = text(['--cluster-name', 'blue']);
    expect(existing).to.contain('existing clusters blue, used but not changed');
    expect(existing).to.contain('For about 8 minutes.').and.to.contain('Estimated cost: below 0.05 USD');
    expect(existing).to.not.contain('EKS cluster of');
  });
});
