import { UsageError } from '../../go/flags.ts';
import type { AgentFault } from '../options.ts';
import { AGENT_FAULTS } from '../options.ts';

/**
 * The agent's faults in a comma list. Names of others' faults are passed over, since the whole list of a run is given to
 * every program.
 *
 * @throws UsageError for a fault of an agent that this one does not have
 */
export function faultsOf(list: string): ReadonlySet<AgentFault> {
  const asked = list.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => name.startsWith('agent-') && !AGENT_FAULTS.some((fault) => fault === name));
  if (unknown !== undefined)
    throw new UsageError(
      `unknown fault ${JSON.stringify(unknown)} in CONFORMANCE_FAULTS: use ${AGENT_FAULTS.join(', ')}`,
    );
  return new Set(AGENT_FAULTS.filter((fault) => asked.includes(fault)));
}
