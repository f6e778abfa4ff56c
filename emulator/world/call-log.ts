import type { Decision } from '../iam/policy/index.ts';
import type { ServiceName } from '../core/service.ts';

/** One authorization question that a call raised, and its answer with the reasons. */
export interface AuthorizationRecord {
  readonly action: string;
  readonly resource: string;
  readonly decision: Decision;
}

/** What the emulator remembers of a call. Never a secret: no token, signature, key or body. */
export interface CallRecord {
  readonly requestId: string;
  /** By AWS' clock, which may have been moved; milliseconds since the epoch. */
  readonly time: number;
  /** By the machine's clock, milliseconds since the epoch. */
  readonly receivedAt: number;
  /** The number of the connection that it came over. */
  readonly connection: number;
  /** From its head to its answer. */
  readonly milliseconds: number;
  readonly service: ServiceName;
  /** API operation, such as `GetObject` or `AssumeRoleForPodIdentity`; `Unknown` when it could not be told. */
  readonly operation: string;
  /** ARN of the caller; `anonymous` for an unsigned call. */
  readonly caller: string;
  readonly applicationId: string | undefined;
  readonly status: number;
  /** Error code answered, if any. */
  readonly errorCode: string | undefined;
  /** In the order they were asked: a call with a target role asks several. */
  readonly authorizations: readonly AuthorizationRecord[];
  /** Facts that explain the answer beyond policies, such as `token audience is sts.amazonaws.com`. */
  readonly notes: readonly string[];
}

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
    /** Forgets the oldest, up to the first that was received at that time or later. */
    forget(before: number): void {
      for (const [requestId, { receivedAt }] of records) {
        if (receivedAt >= before) break;
        records.delete(requestId);
      }
    },
    all: (): readonly CallRecord[] => [...records.values()],
    find: (requestId: string): CallRecord | undefined => records.get(requestId),
  };
}
