import { FAULTS_ON } from '../../scripts/faults/switch.ts';
import { execute } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';
import { runCommand } from './run.ts';

/** Runs the command in the switched build (`dist/faults/`) with these faults. Returns the exit code. */
export function runWithFaults(faults: readonly string[], argv: readonly string[], io: Io): Promise<number> {
  for (const fault of faults) FAULTS_ON.add(fault);
  return execute(runCommand({ isSwitched: true }), argv, io);
}
