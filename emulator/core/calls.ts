import type { Decision } from '../iam/policy/index.ts';
import type { ServiceName } from './service.ts';

/** One authorization question that a call raised, and its answer with the reasons. */
export interface AuthorizationRecord {
  readonly action: string;
  readonly resource: string;
  readonly decision: Decision;
}

/** What the emulator remembers of a call. Never a secret: no token, signature, key or body. */
export interface CallRecord {
  readonly requestId: string;
  readonly time: number;
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
