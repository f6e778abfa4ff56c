import type { Decision } from '../../identity/policy/index.ts';
import type { Caller } from '../../identity/policy/principal.ts';
import type { ServiceName } from '../core/service.ts';

interface AuthorizationRecord {
  readonly action: string;
  readonly resource: string;
  readonly decision: Decision;
}

/** The record of a call. Never contains a token, signature, key or body. */
export interface CallRecord {
  readonly requestId: string;
  /** Milliseconds since the epoch by AWS's clock, which tests may move. */
  readonly time: number;
  /** Milliseconds since the epoch by the machine's clock. */
  readonly receivedAt: number;
  readonly connection: number;
  readonly milliseconds: number;
  readonly service: ServiceName;
  /** For example `GetObject`; `Unknown` if undetermined. */
  readonly operation: string;
  /** ARN, or `anonymous`. */
  readonly caller: string;
  readonly applicationId: string | undefined;
  readonly status: number;
  readonly errorCode: string | undefined;
  /** Decisions in the order of evaluation. */
  readonly authorizations: readonly AuthorizationRecord[];
  /** Additional reasons, such as `token audience is sts.amazonaws.com`. */
  readonly notes: readonly string[];
}

/** Note of a call whose client had closed the connection when it was answered, such as after a timeout. */
export const CLIENT_ENDED = 'the client had closed the connection';

export type CallLog = ReturnType<typeof callLog>;

/** @param capacity maximum number of records; 0 keeps none @param added receives each record */
export function callLog(capacity: number, added?: (record: CallRecord) => void) {
  // A Map keeps insertion order, so it is both a queue and an index.
  const records = new Map<string, CallRecord>();
  const callers = new WeakMap<CallRecord, Caller>();
  return {
    add(record: CallRecord, caller?: Caller): void {
      if (caller !== undefined) callers.set(record, caller);
      added?.(record);
      records.set(record.requestId, record);
      const oldest = records.size > capacity ? records.keys().next().value : undefined;
      if (oldest !== undefined) records.delete(oldest);
    },
    /** Forgets calls received before a time. */
    forget(before: number): void {
      for (const [requestId, { receivedAt }] of records) {
        if (receivedAt >= before) break;
        records.delete(requestId);
      }
    },
    all: (): readonly CallRecord[] => [...records.values()],
    find: (requestId: string): CallRecord | undefined => records.get(requestId),
    /** Returns who signed a call. */
    callerOf: (requestId: string): Caller | undefined => {
      const record = records.get(requestId);
      return record && callers.get(record);
    },
  };
}
