import type { CallRecord } from './calls.ts';

export type CallLog = ReturnType<typeof callLog>;

/**
 * The last calls, oldest first, in bounded memory.
 * @param capacity how many calls are remembered; 0: none.
 */
export function callLog(capacity: number) {
  // A Map keeps insertion order, so it is the ring and the index in one.
  const records = new Map<string, CallRecord>();
  return {
    add(record: CallRecord): void {
      records.set(record.requestId, record);
      const oldest = records.size > capacity ? records.keys().next().value : undefined;
      if (oldest !== undefined) records.delete(oldest);
    },
    all: (): readonly CallRecord[] => [...records.values()],
    find: (requestId: string): CallRecord | undefined => records.get(requestId),
  };
}
