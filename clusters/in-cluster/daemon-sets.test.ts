import type { V1DaemonSet } from '@kubernetes/client-node';
import { expect } from 'chai';
import { agentChartOf, daemonSetsOf, unavailableCapabilities } from './daemon-sets.ts';
import { agentDaemonSet } from './agent-manifest.ts';
import { fakeApi } from '../../test/support/kubernetes-api.ts';

const daemonSet = (name: string, image = 'example.com/image:1', args: readonly string[] = []): V1DaemonSet => ({
  metadata: { name },
  spec: { selector: {}, template: { spec: { containers: [{ name: 'main', image, args: [...args] }] } } },
});
const agent = (...args: readonly string[]): V1DaemonSet => daemonSet('eks-pod-identity-agent', undefined, args);
const calico = daemonSet('calico-node');

describe("capabilities excluded by a cluster's DaemonSets", () => {
  for (const [what, sets, unavailable] of [
    ['no network plugin', [agent()], ['network-policy']],
    ['a kindnet without network policies', [daemonSet('kindnet', 'kindnetd:v20240202-8f1494ea')], ['network-policy']],
    ['a kindnet with network policies', [daemonSet('kindnet', 'docker.io/kindest/kindnetd:v20250512-df8de77b')], []],
    ['kube-router as a firewall', [daemonSet('kube-router', undefined, ['--run-firewall=true'])], []],
    ['kube-router as a router', [daemonSet('kube-router', undefined, ['--run-firewall=false'])], ['network-policy']],
    [
      'the Amazon VPC CNI plugin without network policies',
      [daemonSet('aws-node', undefined, ['--enable-network-policy=false'])],
      ['network-policy'],
    ],
    [
      'the Amazon VPC CNI plugin with network policies',
      [daemonSet('aws-node', undefined, ['--enable-network-policy=true'])],
      [],
    ],
    ['an agent on its default addresses', [calico, agent('--port', '80')], []],
    ['an agent that binds only IPv4', [calico, agent('--bind-hosts', '169.254.170.23')], ['agent-ipv6']],
    ['an agent that binds only IPv4 with -b', [calico, agent('-b=169.254.170.23')], ['agent-ipv6']],
    ['an agent that binds both addresses', [calico, agent('-b', '169.254.170.23', '-b', '[fd00:ec2::23]')], []],
  ] as const)
    it(`${what}: ${unavailable.join() || 'none'}`, () =>
      expect(unavailableCapabilities(sets)).to.deep.equal(unavailable));
});

describe("the agent's DaemonSet", () => {
  for (const chart of ['0.1', '0.2'] as const)
    it(`identifies chart ${chart}`, () => {
      const spec = { run: 'r1', region: 'us-west-2', image: 'agent:1', clusterName: 'c1', args: [], chart };
      expect(agentChartOf([calico, agentDaemonSet(spec)])).to.equal(chart);
    });

  it('identifies no chart in a cluster without an agent', () => expect(agentChartOf([calico])).to.equal(undefined));
});

describe("reading a cluster's DaemonSets", () => {
  it('retries while the API server is unreachable', async () => {
    const api = fakeApi();
    let away = true;
    api.respond = () => {
      if (!away) return undefined;
      away = false;
      throw Object.assign(new Error('connect EHOSTUNREACH'), { code: 'EHOSTUNREACH' });
    };
    expect(await daemonSetsOf(api)).to.deep.equal([]);
  });
});
