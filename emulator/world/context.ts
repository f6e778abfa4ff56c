import type { CompiledPolicy, ConditionContext, Decision } from '../../identity/policy/index.ts';
import type { AwsError } from '../../foundation/aws/aws-error.ts';
import type { Principal } from '../../identity/policy/principal.ts';
import type { ServiceName, ServiceRequest } from '../core/service.ts';
import type { CallTrace, Disturbance, World } from './world.ts';

export interface AuthorizationQuestion {
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*` for actions without a resource. */
  readonly resource: string;
  /** 12 digits. */
  readonly resourceAccount: string;
  /** Additional condition keys, which take precedence over the global ones. */
  readonly context?: ConditionContext;
  readonly resourcePolicy?: CompiledPolicy | undefined;
  readonly trustPolicy?: CompiledPolicy | undefined;
  /** Default: the signer, or the anonymous principal. */
  readonly principal?: Principal;
}

export type DisturbedAnswer = Pick<Disturbance, 'credentialsSeconds'>;

/** A step that a `Disturbance` can match. */
export interface DisturbableStep {
  readonly service: ServiceName;
  /** API operation, or an inner step such as `FetchIssuerKeys`. */
  readonly operation: string;
  readonly clusterName?: string | undefined;
  /** Kubernetes namespace, if known. */
  readonly namespace?: string | undefined;
  /** The token of the step's pod. */
  readonly token?: string | undefined;
}

export interface ServiceContext {
  readonly world: World;
  /** Returns the same object for every call with a request. */
  trace(request: ServiceRequest): CallTrace;
  /** Decides with the principal's policies and global context keys, and records the decision. */
  authorize(request: ServiceRequest, question: AuthorizationQuestion): Decision;
  /** Returns an error with the code `AccessDenied` (403), which services may rename. */
  accessDenied(request: ServiceRequest, question: AuthorizationQuestion, decision: Decision): AwsError;
  /** Throws `accessDenied`, or the error of `refuse`, unless `authorize` allows the request. */
  demand(request: ServiceRequest, question: AuthorizationQuestion, refuse?: (message: string) => AwsError): void;
  /** Applies disturbances (delays and errors) to an inner step. The server does this for each operation. */
  disturb(request: ServiceRequest, step: DisturbableStep): Promise<DisturbedAnswer>;
}
