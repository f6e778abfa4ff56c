/** Returns a kubeconfig in JSON for a cluster and a user with a bearer token. It is secret. `authority` is in PEM. */
export function kubeconfigText(name: string, server: string, authority: string, token: string): string {
  const data = Buffer.from(authority).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
