import { COMMON_CAPABILITIES } from '../capabilities.ts';

/** What embedded clusters can do, by the harness' capability names. */
export const EMBEDDED_CAPABILITIES: ReadonlySet<string> = new Set([
  ...COMMON_CAPABILITIES,
  'imds',
  'agent-probe-port',
  'webhook-endpoint',
  'cluster-clock',
]);
