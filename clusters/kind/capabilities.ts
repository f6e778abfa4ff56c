const KIND_CAPABILITIES: ReadonlySet<string> = new Set([
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

/**
 * What kind clusters can do, by the harness' capability names, unless what runs on them lacks it: see `lackingCapabilities`.
 * An existing cluster is one, and keeps the issuer that it has.
 */
export function kindCapabilities(attached: boolean): ReadonlySet<string> {
  const missing = attached ? ['two-clusters', 'own-cluster'] : [];
  return new Set([...KIND_CAPABILITIES].filter((capability) => !missing.includes(capability)));
}
