import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ClusterError } from './cluster-error.ts';

export interface NamedContext {
  readonly config: KubeConfig;
  readonly context: string;
  /** The value of the variable KUBECONFIG. */
  readonly files: string;
}

/** Reads the given file, or KUBECONFIG, or `~/.kube/config` (Kubernetes, "Organizing Cluster Access …"). Throws BAD_KUBECONFIG. */
export function readContext(
  { kubeconfig, context }: { readonly kubeconfig?: string; readonly context?: string },
  environment: NodeJS.ProcessEnv = process.env,
): NamedContext {
  const files = (kubeconfig ?? environment['KUBECONFIG'] ?? join(homedir(), '.kube', 'config'))
    .split(kubeconfig === undefined ? delimiter : '\0')
    .filter((file) => file !== '')
    .map((file) => resolve(file));
  const config = new KubeConfig();
  for (const [index, file] of files.entries()) {
    const one = index === 0 ? config : new KubeConfig();
    load(one, file);
    if (one !== config) config.mergeConfig(one, true);
  }
  const named = files.join(delimiter);
  const chosen = context ?? config.getCurrentContext();
  const contexts = config.getContexts().map(({ name }) => name);
  if (!contexts.includes(chosen)) {
    const what = chosen ? `no context ${JSON.stringify(chosen)}` : 'no current context';
    const has = contexts.length === 0 ? '' : ` (available: ${contexts.join(', ')})`;
    throw bad(`${named} has ${what}${has}. Name one with --context.`);
  }
  config.setCurrentContext(chosen);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw bad(`Context ${chosen} of ${named} refers to an undefined cluster.`);
  const { proxyUrl } = cluster;
  // Does not quote the URL, which may contain a password.
  if (proxyUrl !== undefined && !/^https?:$/.test(URL.canParse(proxyUrl) ? new URL(proxyUrl).protocol : ''))
    throw bad(`The proxy-url of context ${chosen} of ${named} is not supported. Use an http or https URL.`);
  return { config, context: chosen, files: named };
}

function load(config: KubeConfig, file: string): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw bad(`The kubeconfig ${file} ${why}. Name another file with --kubeconfig.`);
  }
  try {
    // Makes the paths in the file absolute.
    config.loadFromString(text);
    config.makePathsAbsolute(resolve(file, '..'));
  } catch {
    throw bad(`${file} is not a kubeconfig. Name another file with --kubeconfig.`);
  }
}

const bad = (message: string): ClusterError => new ClusterError('BAD_KUBECONFIG', message);
