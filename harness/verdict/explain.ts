import type { CallRecord } from '../../emulator/index.ts';
import type { Explanation } from '../report/results.ts';

/** Why AWS answered a call as it did: every decision with every statement that was looked at. */
export function explain(call: CallRecord): Explanation {
  return {
    requestId: call.requestId,
    service: call.service,
    operation: call.operation,
    notes: call.notes,
    authorizations: call.authorizations.map(({ action, resource, decision }) => ({
      action,
      resource,
      decision: decision.value,
      reason: decision.reason,
      statements: decision.statements,
    })),
  };
}
