import type { Connection } from '../kubernetes/connection.ts';
import type { HostContext } from './context.ts';
import { nodesOf } from './kube.ts';

/** Versions and images of a cluster with this node among others, for the report. */
export async function factsOf(
  { docker, engine, images, imageInfo, facts }: HostContext,
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
  const named = (reference: string): string => `${reference} (${imageInfo.get(reference)?.Id ?? 'id unknown'})`;
  return {
    kubernetesVersion: version.gitVersion.replace(/^v/, ''),
    nodeImage,
    ...facts,
    nodeSystem: osImage,
    agentImage: named(images.agent),
    webhookImage: named(images.webhook),
    workloadImage: named(images.workload),
    docker: engine.ServerVersion ?? 'unknown',
    containerRuntime: containerRuntimeVersion,
    kernel: kernelVersion,
  };
}
