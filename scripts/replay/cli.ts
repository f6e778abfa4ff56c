import { readFile } from 'node:fs/promises';
import { replayAgent } from './agent/replay.ts';
import type { ReplayResult } from './types.ts';
import { InvalidRecording } from './types.ts';
import { replayWebhook } from './webhook.ts';

export interface ReplayIo {
  /** One line without its end. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Command and arguments that start the agent's program; without it how it ends is not compared. */
  readonly agentProgram?: readonly string[];
}

const USAGE = `Usage: npm run replay -- FILE...

Plays recordings of the real EKS Pod Identity agent ("exchanges") and webhook ("reviews") against the reference ones, and
prints each difference. Exit code 0: none; 1: some; 2: a file cannot be read or is no recording.`;

async function read(file: string): Promise<object> {
  const text = await readFile(file, 'utf8');
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new InvalidRecording('it is not a JSON object');
  return value;
}

function replay(recording: object, io: ReplayIo): Promise<ReplayResult> {
  if ('exchanges' in recording) {
    return replayAgent(recording, io.agentProgram === undefined ? {} : { agentProgram: io.agentProgram });
  }
  if ('reviews' in recording) return replayWebhook(recording);
  throw new InvalidRecording('it has neither "exchanges" (an agent\'s) nor "reviews" (a webhook\'s)');
}

/** @returns the exit code */
export async function main(argv: readonly string[], io: ReplayIo): Promise<number> {
  if (argv.length === 0 || argv.some((arg) => arg.startsWith('-'))) {
    const asked = argv.includes('--help') || argv.includes('-h');
    (asked ? io.out : io.err)(USAGE);
    return asked ? 0 : 2;
  }
  let compared = 0;
  let different = 0;
  for (const file of argv) {
    let result: ReplayResult;
    try {
      result = await replay(await read(file), io);
    } catch (error) {
      const known = error instanceof InvalidRecording || error instanceof SyntaxError;
      if (!known && (error as NodeJS.ErrnoException).code === undefined) throw error;
      io.err(`${file} cannot be replayed: ${error instanceof Error ? error.message : 'unknown error'}`);
      return 2;
    }
    for (const { name, expected, actual } of result.differences) {
      io.out(`${file}: ${name}`);
      io.out(`  expected ${expected}`);
      io.out(`  came     ${actual}`);
    }
    compared += result.compared;
    different += result.differences.length;
  }
  io.out(`${compared} exchanges, ${different} differ`);
  return different === 0 ? 0 : 1;
}
