import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { HostContext } from './context.ts';
import { nodesOf } from './kube.ts';
import type { LinkLocal } from './node.ts';

export async function factsOf(
  { docker, engine, images, imageInfo, facts, options }: HostContext,
  connection: Connection,
  container: string,
): Promise<Readonly<Record<string, string>>> {
  const [version, [node], nodeImage] = await Promise.all([
    connection.json<{ gitVersion: string }>('GET', '/version'),
    nodesOf(connection),
    docker.call(['inspect', '--format', '{{.Config.Image}} ({{.Image}})', container]),
  ]);
  const {
    containerRuntimeVersion = 'unknown',
    kernelVersion = 'unknown',
    osImage = 'unknown',
  } = node?.status?.nodeInfo ?? {};
  const named = (given: string | undefined, image: string): string =>
    `${given ?? image} (${imageInfo.get(image)?.Id ?? 'id unknown'})`;
  return {
    kubernetesVersion: version.gitVersion.replace(/^v/, ''),
    nodeImage,
    ...facts,
    nodeSystem: osImage,
    agentChart: options.agentChart ?? '0.1',
    agentImage: named(options.images.agent, images.agent),
    webhookImage: named(options.images.webhook, images.webhook),
    workloadImage: named(options.images.workload, images.workload),
    docker: engine.ServerVersion ?? 'unknown',
    containerRuntime: containerRuntimeVersion,
    kernel: kernelVersion,
  };
}

export function noteLinkLocal({ notes, options }: HostContext, nodes: readonly LinkLocal[]): void {
  for (const { link, ipv6 } of nodes) {
    if (link !== undefined) {
      const why = link === 'bridge' ? 'as a bridge, because this kernel has no dummy links, ' : '';
      const sentence = `The harness created the agent's link pod-id-link0 before the agent started, ${why}with ${ipv6 ? 'IPv6 enabled' : 'IPv4 only'}.`;
      if (notes.differs(sentence)) options.progress(sentence);
    }
    if (!ipv6) notes.differs('Nodes have no IPv6, so the agent listens only on 169.254.170.23.');
  }
}
