/** What kind clusters can do, by the harness' capability names, unless what runs on them lacks it: see `lackingCapabilities`. */
export const KIND_CAPABILITIES: ReadonlySet<string> = new Set([
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
  'webhook-endpoint',
  'network-policy',
  'node-role',
]);
