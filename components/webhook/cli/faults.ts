import { UsageError } from '../../go/flags.ts';
import { WEBHOOK_FAULTS } from '../options.ts';
import type { WebhookFault } from '../options.ts';

/**
 * The webhook's faults in a comma list. Names of others' faults are passed over, since the whole list of a run is given
 * to every program. Throws {@link UsageError} for a fault of a webhook that this one does not have.
 */
export function faultsOf(list: string): ReadonlySet<WebhookFault> {
  const asked = list.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => name.startsWith('webhook-') && !WEBHOOK_FAULTS.some((fault) => fault === name));
  if (unknown !== undefined) {
    throw new UsageError(`Unknown fault in CONFORMANCE_FAULTS: ${unknown}; it takes ${WEBHOOK_FAULTS.join(', ')}.`);
  }
  return new Set(WEBHOOK_FAULTS.filter((fault) => asked.includes(fault)));
}
