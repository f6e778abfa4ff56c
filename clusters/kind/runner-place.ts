import { randomBytes } from 'node:crypto';
import { VERSION_VARIABLE } from '../../components/agent/index.ts';
import { kubeConfigWithToken } from '../common/kube-config.ts';
import type { RunnerPlace } from '../interface/runner-place.ts';
import type { KindCluster } from './cluster.ts';
import { kindHost } from './host.ts';
import type { KindOptions } from './options.ts';

const REGION = 'us-west-2';

/** Creates a kind cluster for a runner with its emulator. Throws `ClusterError` after cleanup. */
export async function kindRunnerPlace(options: KindOptions): Promise<RunnerPlace> {
  const host = await kindHost(options);
  const clusterName = `${options.run}-c1`;
  const secret = randomBytes(32).toString('base64url');
  const administrator = { username: 'administrator', groups: ['system:masters'] };
  try {
    const cluster = await host.provider.createCluster({
      name: clusterName,
      region: REGION,
      accountId: '',
      arn: '',
      version: '',
      awsEndpoint: '',
      issuer: `https://oidc.eks.${REGION}.amazonaws.com/id/${randomBytes(16).toString('hex').toUpperCase()}`,
      authenticate: async (token) => (token === secret ? administrator : undefined),
    });
    return {
      clusterName,
      kubeConfig:
        host.kubeConfig?.(clusterName) ?? kubeConfigWithToken({ name: clusterName, ...cluster }, async () => secret),
      runnerImage: options.images.runner ?? '',
      workloadImage: host.workloadImage,
      emulator: { flags: agentFlags(options, (cluster as KindCluster).agentSpec) },
      facts: host.facts(clusterName),
      leave: () => host.close(),
      close: async () => {
        await cluster.delete();
        await host.close();
      },
    };
  } catch (error) {
    await host.close().catch(() => undefined);
    throw host.failure() ?? error;
  }
}

const agentFlags = (
  { agentArgs, agentChart = '0.1', images }: KindOptions,
  { image, bindHosts = [] }: KindCluster['agentSpec'],
): readonly string[] => [
  `--agent-image=${image}`,
  `--agent-chart=${agentChart}`,
  ...[...bindHosts.map((host) => `--bind-hosts=${host}`), ...agentArgs].map((flag) => `--agent-args=${flag}`),
  // Candidate agents have their own version.
  ...(images.agent === undefined ? [`--agent-variables=${VERSION_VARIABLE}=${agentChart}`] : []),
];
