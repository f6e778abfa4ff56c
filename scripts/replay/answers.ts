import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../../foundation/node/errors.ts';
import { validated } from '../../foundation/node/validate.ts';
import { GUESSES } from '../../harness/record/guesses.ts';
import { isSame } from '../../harness/record/recording.ts';
import { recordingSchema, type RecordedResult, type Recording } from '../../harness/record/recording-schema.ts';
import type { Difference, ReplayResult } from './types.ts';

/** Compares recorded AWS answers (`--record`) with the emulator's answers. @param command program and arguments that run scenarios */
export async function replayAnswers(recording: unknown, command: readonly string[]): Promise<ReplayResult> {
  const { answers } = validated(recordingSchema, recording, String);
  if (answers.length === 0) return { compared: 0, differences: [] };
  const emulated = await ownAnswers([...new Set(answers.map(({ scenario }) => scenario))], command);
  return { compared: answers.length, differences: answers.flatMap((answer) => differenceOf(answer, emulated)) };
}

function differenceOf(recorded: RecordedResult, replayed: readonly RecordedResult[]): readonly Difference[] {
  const guess = GUESSES.find(({ id }) => id === recorded.guess);
  if (guess === undefined)
    throw new HarnessError(
      'BAD_FILE',
      `Unknown guess ${recorded.guess}. Replay with the version that recorded the file.`,
    );
  const answer = replayed.find((one) => one.guess === recorded.guess);
  if (answer !== undefined && isSame(recorded, answer, guess)) return [];
  const name = `${guess.id} (${recorded.scenario}, probe ${recorded.probe}) ${guess.guess} What changes: ${guess.otherwise}`;
  return [{ name, expected: shown(recorded), actual: answer === undefined ? 'nothing' : shown(answer) }];
}

const shown = ({ guess: _guess, scenario: _scenario, probe: _probe, ...answer }: RecordedResult): string =>
  JSON.stringify(answer);

async function ownAnswers(
  scenarios: readonly string[],
  [program = '', ...args]: readonly string[],
): Promise<readonly RecordedResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'));
  const file = join(folder, 'own.json');
  try {
    const flags = ['--quiet', '--scenario', scenarios.join(','), '--report-dir', folder, '--record', file];
    const { stderr } = await execa(program, [...args, ...flags], { reject: false });
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new HarnessError(
        'PROVISIONING_FAILED',
        `The run against the emulator failed: ${stderr.trim().split('\n')[0]}`,
        { cause },
      );
    });
    return (JSON.parse(text) as Recording).answers;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
