import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { ROOT } from '../support/run-cli.ts';

/** A tool that the contract tests need and that this machine cannot install. */
export interface Missing {
  readonly missing: string;
}

/** Reports that a missing tool skips its checks. In CI, throws an Error instead. */
export function sayMissing({ missing }: Missing): void {
  if (process.env['CI'] === 'true') throw new Error(`The contract tests cannot run: ${missing}.`);
  process.stderr.write(`Skipping contract tests: ${missing}.\n`);
}

export interface EmulatorProcess {
  /** The first line of its output, parsed: endpoint, region and key of the administrator. */
  readonly announced: Readonly<Record<string, string>>;
  readonly stop: () => Promise<unknown>;
}

/** Starts the command `emulator`. Throws an Error if it exits before it prints its endpoint. */
export async function emulatorProcess(...flags: readonly string[]): Promise<EmulatorProcess> {
  const command = [join(ROOT, 'bin', 'conformance.js'), 'emulator', ...flags];
  const emulator = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => emulator.once('exit', resolve));
  for await (const line of createInterface({ input: emulator.stdout }))
    return {
      announced: JSON.parse(line) as Record<string, string>,
      stop: () => {
        emulator.kill('SIGTERM');
        return ended;
      },
    };
  throw new Error('The emulator exited before it printed its endpoint.');
}
