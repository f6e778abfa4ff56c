import type { CallRecord } from './calls.ts';

/** The last calls, oldest first, in bounded memory. */
export interface CallLog {
  add(record: CallRecord): void;
  all(): readonly CallRecord[];
  find(requestId: string): CallRecord | undefined;
}

/** @param capacity how many calls are remembered; 0: none. */
export function callLog(capacity: number): CallLog {
  // A Map keeps insertion order, so it is the ring and the index in one.
  const records = new Map<string, CallRecord>();
  return {
    add(record) {
      if (capacity <= 0) return;
      records.set(record.requestId, record);
      if (records.size > capacity) {
        for (const oldest of records.keys()) {
          records.delete(oldest);
          break;
        }
      }
    },
    all: () => [...records.values()],
    find: (requestId) => records.get(requestId),
  };
}
