/** What embedded clusters can do, by the harness' capability names. */
export const EMBEDDED_CAPABILITIES: ReadonlySet<string> = new Set([
  'kubernetes',
  'own-cluster',
  'agent-addon',
  'pod-identity',
  'irsa',
  'two-clusters',
  'imds',
  'agent-restart',
  'agent-stop',
  'agent-ipv6',
  'agent-probe-port',
  'webhook-endpoint',
  'cluster-clock',
  'node-role',
]);
