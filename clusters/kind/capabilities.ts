/** What every kind cluster can do, by the harness' capability names. */
export const KIND_CAPABILITIES: ReadonlySet<string> = new Set([
  'pod-identity',
  'irsa',
  'two-clusters',
  'imds',
  'agent-restart',
  'webhook-endpoint',
]);
