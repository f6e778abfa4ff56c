import { expect } from 'chai';
import { parse } from 'yaml';
import { clusterConfig } from './cluster-config.ts';

type Document = Record<string, unknown> & { readonly apiVersion?: string; readonly kind: string };
const ISSUER = 'https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';

function patches(cgroupVersion = '2'): Document[] {
  const config = parse(
    clusterConfig({ folder: '/private', imagesFolder: '/images', issuer: ISSUER, cgroupVersion }),
  ) as {
    readonly kubeadmConfigPatches: readonly string[];
  };
  return config.kubeadmConfigPatches.map((text) => parse(text) as Document);
}

describe('the configuration of a kind cluster', () => {
  it("mounts the API server's files and the images read-only", () => {
    const config = parse(
      clusterConfig({ folder: '/private', imagesFolder: '/images', issuer: ISSUER, cgroupVersion: '2' }),
    ) as {
      readonly nodes: readonly { readonly extraMounts: readonly object[] }[];
    };
    expect(config.nodes).to.have.length(1);
    expect(config.nodes[0]!.extraMounts).to.deep.equal([
      { hostPath: '/private', containerPath: '/etc/eks-pod-identity-conformance', readOnly: true },
      { hostPath: '/images', containerPath: '/etc/eks-pod-identity-conformance-images', readOnly: true },
    ]);
  });

  it('contains the same settings in both versions of kubeadm', () => {
    const [older, newer] = patches().filter(({ kind }) => kind === 'ClusterConfiguration');
    expect(older!.apiVersion).to.equal('kubeadm.k8s.io/v1beta3');
    expect(newer!.apiVersion).to.equal('kubeadm.k8s.io/v1beta4');
    const listed = (args: Record<string, string>): object[] =>
      Object.entries(args).map(([name, value]) => ({ name, value }));
    for (const part of ['apiServer', 'controllerManager', 'scheduler'] as const) {
      const { extraArgs, ...rest } = older![part] as { extraArgs: Record<string, string> };
      expect(newer![part]).to.deep.equal({ ...rest, extraArgs: listed(extraArgs) });
    }
  });

  it("gives tokens EKS's issuer and audience", () => {
    const { extraArgs } = patches()[0]!['apiServer'] as { extraArgs: Record<string, string> };
    expect(extraArgs).to.include({
      'service-account-issuer': ISSUER,
      'service-account-jwks-uri': `${ISSUER}/keys`,
      'api-audiences': 'https://kubernetes.default.svc',
    });
  });

  it('allows cgroups v1 only on nodes that use them', () => {
    const kubelet = (version: string): Document =>
      patches(version).find(({ kind }) => kind === 'KubeletConfiguration')!;
    expect(kubelet('1')).to.include({ failCgroupV1: false, maxPods: 250 });
    expect(kubelet('2')).to.not.have.property('failCgroupV1');
  });
});
