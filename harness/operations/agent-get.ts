import { whole } from '../scenario/checks.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { clusterOf } from '../world/world.ts';
import { agentPod } from './agent.ts';
import { httpResult } from './http-answer.ts';
import { defineOperation } from './registry.ts';

interface AgentGet extends HarnessOperation {
  readonly do: 'AgentGet';
  readonly cluster: ClusterAlias;
  readonly port: number;
  readonly path: string;
}

/**
 * GET on a port of the agent's pod, through the API server's pod proxy: 2705 is for metrics and probes; 2703, for probes,
 * listens on the node's loopback alone, where the proxy of a real cluster does not reach it.
 */
export const agentGet = (port: number, path: string, cluster: ClusterAlias = 'c1'): AgentGet => ({
  do: 'AgentGet',
  cluster,
  port,
  path,
});

/** Of the agent: on the node's loopback, with the kubelet's probes. */
const PROBE_PORT = 2703;

defineOperation<AgentGet>({
  name: 'AgentGet',
  performedBy: 'harness',
  refersTo: ({ cluster }) => ({ clusters: [cluster] }),
  *check({ port }) {
    yield whole('the port of agentGet', port ?? null, 1, 65_535);
  },
  needs: ({ port }) => (port === PROBE_PORT ? ['agent-probe-port'] : []),
  describe: ({ port, path }) => [`:${port}${path}`],
  perform: async (world, { cluster, port, path }) => {
    const pod = await agentPod(world, cluster);
    const answer = await clusterOf(world, cluster).kubernetes.raw({
      path: `/api/v1/namespaces/kube-system/pods/${pod}:${port}/proxy${path}`,
    });
    const result = httpResult('agent', answer);
    return result.outcome === 'refused' ? { ...result, code: String(answer.status) } : result;
  },
});
