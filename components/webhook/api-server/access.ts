import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the API server is and how the webhook is known to it. */
export interface ApiServerAccess {
  /** Without a path, as in `https://10.0.0.1:443`. */
  readonly url: string;
  /** PEM of the certificate authority; the system's own without it. */
  readonly certificateAuthority?: string;
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  /** Read anew for each request, since the token of a pod is rotated. */
  token(): Promise<string | undefined>;
}

/** The API server cannot be found or the way to it not read. */
export class AccessError extends Error {}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Access of a pod, by its service account's token. Source: Kubernetes, "Accessing the Kubernetes API from a Pod". */
export async function accessFromPod(
  environment: Readonly<Record<string, string | undefined>>,
  folder = SERVICE_ACCOUNT,
): Promise<ApiServerAccess> {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) {
    throw new AccessError('Not in a pod: give the API server by --kube-api or --kubeconfig.');
  }
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    certificateAuthority: await readFile(join(folder, 'ca.crt'), 'utf8'),
    token: async () => (await readFile(join(folder, 'token'), 'utf8')).trim(),
  };
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { cluster: string; user: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
  readonly users?: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
}

/**
 * Access by the current context of a kubeconfig in JSON (`kubectl config view --raw --flatten -o json`), with a token
 * or a client certificate in it. Throws {@link AccessError}.
 */
export function accessFromKubeconfig(text: string, url = ''): ApiServerAccess {
  const config = parseKubeconfig(text);
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users?.find(({ name }) => name === context?.user)?.user ?? {};
  const server = url || cluster?.['server'];
  if (!server) throw new AccessError('The kubeconfig has no current context with a server.');
  const pem = (data: string | undefined): string | undefined => data && Buffer.from(data, 'base64').toString('utf8');
  const certificateAuthority = pem(cluster?.['certificate-authority-data']);
  const certificate = pem(user['client-certificate-data']);
  const key = pem(user['client-key-data']);
  return {
    url: new URL(server).origin,
    ...(certificateAuthority ? { certificateAuthority } : {}),
    ...(certificate && key ? { clientCertificate: { certificate, key } } : {}),
    token: () => Promise.resolve(user['token']),
  };
}

function parseKubeconfig(text: string): Kubeconfig {
  try {
    return JSON.parse(text) as Kubeconfig;
  } catch {
    throw new AccessError(
      'The kubeconfig is not JSON; make one with: kubectl config view --raw --flatten --minify -o json',
    );
  }
}
