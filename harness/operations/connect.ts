import type { ConnectRequest } from '../../foundation/probe-protocol.ts';
import { oneOf } from '../scenario/checks.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import { defineOperation } from './registry.ts';

/**
 * A TCP connection to the agent's address or to where AWS is; with `until`, tried again for up to 20 s until connections
 * are `open` or `closed`, since a network plugin takes a moment to put a policy in force.
 */
export const connect = (
  to: 'agent' | 'aws',
  options: { readonly until?: 'open' | 'closed' } = {},
): ConnectRequest & WorkloadOperation => ({ do: 'Connect', to, ...options });

defineOperation<ConnectRequest>({
  name: 'Connect',
  performedBy: 'workload',
  withoutAws: true,
  withoutIdentity: true,
  *check({ to, until }) {
    yield oneOf('the place of connect', to ?? null, ['agent', 'aws']);
    yield oneOf('"until" of connect', until, ['open', 'closed']);
  },
  describe: ({ to, until }) => [`to ${to}`, until === undefined ? '' : `until connections are ${until}`],
});
