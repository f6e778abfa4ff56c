import { join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import { readJson } from '../../foundation/node/read-file.ts';
import type { ReplayResult } from '../../scripts/replay/types.ts';
import type { Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';

export const REPLAY: Command = {
  name: 'replay',
  summary: 'compare recordings of the real agent, webhook or AWS with ours',
  about: `Replay recordings of the real EKS Pod Identity agent ("exchanges") and webhook ("reviews") to the reference ones, and
print each difference. For recorded answers of AWS ("answers", written by --record), send the emulator the same requests, and report
each guess that AWS contradicts, with its consequences.`,
  operands: { usage: 'FILE...', least: 1 },
  options: [],
  remarks: 'Exit codes: 0 no difference; 1 a difference; 2 wrong usage, or a file that is not a recording.',
  forMaintainers: true,
  async run({ words }, io) {
    let compared = 0;
    let different = 0;
    for (const file of words) {
      const result = await replay(file, io);
      for (const { name, expected, actual } of result.differences)
        io.stdout.write(`${file}: ${name}\n  expected ${expected}\n  actual   ${actual}\n`);
      compared += result.compared;
      different += result.differences.length;
    }
    io.stdout.write(`${compared} exchanges, ${different} differ\n`);
    return different === 0 ? 0 : 1;
  },
};

async function replay(file: string, io: Io): Promise<ReplayResult> {
  const recording = readJson(file, 'Recording');
  try {
    if (typeof recording !== 'object' || recording === null) throw bad('it is not a JSON object');
    if ('exchanges' in recording) {
      const { replayAgent } = await import('../../scripts/replay/agent/replay.ts');
      return await replayAgent(recording, { agentProgram: agentProgram(io) });
    }
    if ('answers' in recording) {
      const { replayAnswers } = await import('../../scripts/replay/answers.ts');
      return await replayAnswers(recording, [process.execPath, join(io.root, 'bin', 'conformance.js')]);
    }
    if (!('reviews' in recording))
      throw bad('it has neither "exchanges" (agent), "reviews" (webhook) nor "answers" (AWS)');
    const { replayWebhook } = await import('../../scripts/replay/webhook.ts');
    return await replayWebhook(recording);
  } catch (error) {
    const isExpected = error instanceof HarnessError || error instanceof SyntaxError;
    if (!isExpected && (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw bad(`${file} cannot be replayed: ${(error as Error).message}`);
  }
}

/** Returns the command line of the agent, from source or built. */
function agentProgram({ code, root }: Io): readonly string[] {
  const program = join(code, 'components', 'agent', 'main');
  return code === root ? [process.execPath, '--import', 'tsx', `${program}.ts`] : [process.execPath, `${program}.js`];
}

const bad = (message: string): HarnessError => new HarnessError('BAD_FILE', message);
