import type { AwsObjects } from './aws.ts';
import type { KubernetesObjects } from './kubernetes.ts';

/** Increases with incompatible changes of the file. */
export const SNAPSHOT_VERSION = 1;

/** A right for reading, in AWS's form `iam:GetRole` or Kubernetes' `list pods`. */
export type Right = string;

/** Reasons of gaps that no permission of the caller can close. */
export const ANOTHER_ACCOUNT = 'another account';
export const LEFT_OUT = 'left out by --kubernetes-only';

/** Something that could not be read. */
export interface Gap {
  readonly right: Right;
  /** The ARN or name of one object; undefined if nothing of the kind could be read. */
  readonly object?: string;
  /** For example `AccessDenied` or `Forbidden`. */
  readonly reason: string;
}

/** A cluster and what belongs to it in AWS, at one time. */
export interface ClusterSnapshot {
  /** The context of the kubeconfig. */
  readonly context: string;
  readonly server: string;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly kubernetes: KubernetesObjects;
  /** Undefined without AWS credentials. */
  readonly aws?: AwsObjects;
  readonly gaps: readonly Gap[];
}

/** Everything that checks judge. It contains no secrets, so that people can pass it on. */
export interface Snapshot {
  readonly version: typeof SNAPSHOT_VERSION;
  readonly clusters: readonly ClusterSnapshot[];
}
