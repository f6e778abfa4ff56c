import { KubeConfig } from '@kubernetes/client-node';
import { UsageError } from '../../go/flags.ts';

/** Flags for the API server; empty if not given. */
interface Access {
  readonly kubeconfig: string;
  readonly 'kube-api': string;
}

/**
 * Returns access by a kubeconfig's current context, by an address, or by both. Without them, uses the pod's service
 * account (Kubernetes, "Accessing the Kubernetes API from a Pod"). @throws UsageError
 */
export function accessOf(
  { kubeconfig, 'kube-api': server }: Access,
  environment: Readonly<Record<string, string | undefined>>,
): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig !== '') loadFile(config, kubeconfig, server);
  else if (server !== '') config.loadFromClusterAndUser({ name: 'api', ...at(server) }, { name: 'api' });
  else if (environment['KUBERNETES_SERVICE_HOST'] && environment['KUBERNETES_SERVICE_PORT']) config.loadFromCluster();
  else throw new UsageError('This process is not in a pod. Name the API server with --kube-api or --kubeconfig.');
  return config;
}

function loadFile(config: KubeConfig, file: string, server: string): void {
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new UsageError(
      `The kubeconfig ${file} cannot be read: ${error instanceof Error ? error.message : 'unknown error'}.`,
    );
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new UsageError(`The kubeconfig ${file} has no current context with a server.`);
  if (server !== '') config.clusters = [{ ...cluster, ...at(server) }];
}

/** Returns a server. The library only accepts plain HTTP without TLS verification. */
const at = (server: string) => ({ server, skipTLSVerify: server.startsWith('http:') });
