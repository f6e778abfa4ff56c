/** What kind clusters can do, by the harness' capability names; some depend on what runs on them: see `lacking`. */
export const KIND_CAPABILITIES: ReadonlySet<string> = new Set([
  'pod-identity',
  'irsa',
  'two-clusters',
  'imds',
  'agent-restart',
  'agent-stop',
  'agent-ipv6',
  'webhook-endpoint',
  'network-policy',
]);
