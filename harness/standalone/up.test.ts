import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { fakeApi } from '../../test/support/kubernetes-api.ts';
import { refuseUnsuitable } from './up.ts';

const AGENT = {
  path: '/apis/apps/v1/namespaces/kube-system/daemonsets/eks-pod-identity-agent',
  object: { metadata: { name: 'eks-pod-identity-agent', namespace: 'kube-system' } },
};
const WEBHOOK = {
  path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/injector',
  object: { metadata: { name: 'injector' }, webhooks: [{ name: 'pod-identity-webhook.amazonaws.com' }] },
};
const EC2_NODE = { metadata: { name: 'ip-10-0-0-1' }, spec: { providerID: 'aws:///us-west-2a/i-0' } };
const LEFTOVER = { metadata: { name: 'aws', namespace: 'eks-pod-identity-conformance' } };
const EKS = 'https://ABC.gr7.us-west-2.eks.amazonaws.com';

describe('up', () => {
  const refusal = async (
    given: {
      server?: string;
      node?: object;
      leftover?: object;
      stored?: typeof AGENT | typeof WEBHOOK;
    } = {},
  ): Promise<string | undefined> => {
    const { server = 'https://127.0.0.1:6443', node, leftover, stored } = given;
    const api = fakeApi();
    if (stored) api.objects.set(stored.path, stored.object);
    api.respond = (_method, path) => {
      if (path === '/api/v1/nodes') return { items: node ? [node] : [] };
      if (!path.includes('labelSelector')) return undefined;
      return { items: leftover !== undefined && path.startsWith('/api/v1/secrets') ? [leftover] : [] };
    };
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: false }, { name: 'u' });
    return refuseUnsuitable(api, { context: 'work', config }, new AbortController().signal).then(
      () => undefined,
      (error: Error) => error.message,
    );
  };

  it('accepts a cluster without agent, webhook and emulated AWS', async () => {
    expect(await refusal()).to.equal(undefined);
  });

  for (const [what, given, message] of [
    ['a cluster of Amazon EKS', { server: EKS }, `Context work is an Amazon EKS cluster (${EKS}). Name the context`],
    ['nodes on Amazon EC2', { node: EC2_NODE }, 'Context work has nodes on Amazon EC2, such as ip-10-0-0-1.'],
    ['another agent', { stored: AGENT }, 'a Pod Identity agent, DaemonSet kube-system/eks-pod-identity-agent.'],
    ['another webhook', { stored: WEBHOOK }, 'a Pod Identity webhook, MutatingWebhookConfiguration injector.'],
    ['an emulated AWS', { leftover: LEFTOVER }, 'already has an emulated AWS, such as its Secret aws. Remove it with'],
  ] as const)
    it(`refuses ${what}`, async () => expect(await refusal(given)).to.contain(message));
});
