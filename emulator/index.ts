export type { ClusterProvider, ClusterSpec, JsonWebKeySet, ManagedCluster, NodeGroupSpec } from './world/eks-model.ts';
export type { CallRecord } from './world/call-log.ts';
export type { Clock } from './core/clock.ts';
export type { Credentials } from './core/principal.ts';
export type { Disturbance } from './world/world.ts';
export type { EmulatorSettings } from './core/settings.ts';
export { AWS_TIMING } from './core/aws-timing.ts';
export { startEmulator } from './start.ts';
export type { Emulator, EmulatorOptions } from './start.ts';
