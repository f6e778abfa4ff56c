export type { ClusterProvider, ClusterSpec, JsonWebKeySet, ManagedCluster, NodeGroupSpec } from './eks/model.ts';
export { ADDON_DEGRADED } from './eks/model.ts';
export type { CallRecord, AuthorizationRecord } from './core/call-log.ts';
export type { Clock, MovableClock } from './core/clock.ts';
export type { Credentials } from './core/principal.ts';
export type { Disturbance } from './core/world.ts';
export type { EmulatorSettings } from './core/settings.ts';
export { AWS_TIMING } from './core/aws-timing.ts';
export type {
  Decision,
  DecisionValue,
  PolicyKind,
  StatementExplanation,
  ConditionExplanation,
} from './iam/policy/index.ts';
export { startEmulator } from './start.ts';
export type { Emulator, EmulatorOptions } from './start.ts';
export type { S3Backend } from './s3/index.ts';
