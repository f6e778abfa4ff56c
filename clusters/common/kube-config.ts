import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { KubeConfig, type User } from '@kubernetes/client-node';

/** EKS's tokens expire after 15 minutes (EKS User Guide, "Grant access to EKS APIs"), but scenarios move AWS's clock. */
const TOKEN_LIFE_MILLISECONDS = 3 * 60_000;

/** Returns a kubeconfig whose token is renewed before it expires and when the clock is moved. */
export function kubeConfigWithToken(
  cluster: { readonly name: string; readonly endpoint: string; readonly certificateAuthorityData: string },
  token: () => Promise<string>,
  now: () => number = Date.now,
): KubeConfig {
  const config = new KubeConfig();
  const provider = `token-of-${cluster.name}`;
  let held: { readonly token: string; readonly since: number } | undefined;
  config.addAuthenticator({
    isAuthProvider: (user: User) => (user.authProvider as { name?: string } | undefined)?.name === provider,
    applyAuthentication: async (_user: User, options: RequestOptions): Promise<void> => {
      if (held === undefined || Math.abs(now() - held.since) > TOKEN_LIFE_MILLISECONDS)
        held = { token: await token(), since: now() };
      options.headers = {
        ...(options.headers as OutgoingHttpHeaders | undefined),
        Authorization: `Bearer ${held.token}`,
      };
    },
  });
  config.loadFromOptions({
    clusters: [{ name: cluster.name, server: cluster.endpoint, caData: cluster.certificateAuthorityData }],
    users: [{ name: cluster.name, authProvider: { name: provider, config: {} } }],
    contexts: [{ name: cluster.name, cluster: cluster.name, user: cluster.name }],
    currentContext: cluster.name,
  });
  return config;
}
