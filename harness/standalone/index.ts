/** The public API of `eks-pod-identity-conformance/emulator`. */
export { startEmulator, type Emulator, type EmulatorOptions } from './start.ts';
export { neededPolicy, type DecidingStatement, type NeededPolicy, type RecordedCall } from './calls.ts';
export type { World } from './world.ts';
