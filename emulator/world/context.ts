import type { CompiledPolicy, ConditionContext, Decision } from '../iam/policy/index.ts';
import type { AwsError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { ServiceName, ServiceRequest } from '../core/service.ts';
import type { CallTrace, Disturbance, World } from './world.ts';

/** What a service asks about a call. */
export interface AuthorizationQuestion {
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*` for actions without a resource. */
  readonly resource: string;
  /** Account that owns the resource, 12 digits. */
  readonly resourceAccount: string;
  /** Context keys of this action, beside the global ones that `authorize` fills in. They win over the global ones. */
  readonly context?: ConditionContext;
  readonly resourcePolicy?: CompiledPolicy | undefined;
  readonly trustPolicy?: CompiledPolicy | undefined;
  /** Default: who signed the request, or the anonymous principal. */
  readonly principal?: Principal;
}

/** What disturbances change of the answer to a step. */
export type DisturbedAnswer = Pick<Disturbance, 'credentialsSeconds'>;

/** One step of a call that a disturbance (`Disturbance`) can hit. */
export interface Step {
  readonly service: ServiceName;
  /** API operation, or a step inside one such as `FetchIssuerKeys`. */
  readonly operation: string;
  readonly clusterName?: string | undefined;
  /** Kubernetes namespace that the step is about, where it is known. */
  readonly namespace?: string | undefined;
  /** Token of the pod that the step is for. */
  readonly token?: string | undefined;
}

/** What the server hands to each service. */
export interface ServiceContext {
  readonly world: World;
  /** The trace of the call that `request` is; the same object for each request. */
  trace(request: ServiceRequest): CallTrace;
  /**
   * Decides with the principal's identity policies, boundary and session policies and with the global context keys;
   * question and decision go into the call's trace.
   */
  authorize(request: ServiceRequest, question: AuthorizationQuestion): Decision;
  /** The `AccessDenied` error for a decision (code `AccessDenied`, 403); services rename the code where theirs differs. */
  accessDenied(request: ServiceRequest, question: AuthorizationQuestion, decision: Decision): AwsError;
  /** `authorize`, and throws `accessDenied`, or what `refuse` makes of its text, when the answer is not `allowed`. */
  demand(request: ServiceRequest, question: AuthorizationQuestion, refuse?: (message: string) => AwsError): void;
  /**
   * Lets disturbances hit a step inside a call: waits their delay, throws their error. The server itself does so once for
   * the operation of each call, before the service sees it.
   */
  disturb(request: ServiceRequest, step: Step): Promise<DisturbedAnswer>;
}
