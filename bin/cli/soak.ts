import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type * as soaking from '../../scripts/soak/soak.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const SOAK: Command = {
  name: 'soak',
  summary: 'repeat whole runs, and report differences',
  about:
    'Run all scenarios on embedded clusters repeatedly: in declared, reverse and random order, every third run of an order next to busy processes. Count verdicts other than passed, and find processes, ports and files that a run leaves behind.',
  options: [
    option.number('runs N', 'make this many whole runs, one after the other', { default: 100, minimum: 1 }),
    option.number('busy N', 'keep this many processes busy during every third run', {
      default: 4,
      minimum: 0,
      maximum: 64,
    }),
    option.text('json FILE', 'write the result to this JSON file, after each run'),
    option.text('report-dir DIR', 'keep the reports of unexpected runs in this folder', {
      default: 'reports/soak',
    }),
  ],
  remarks:
    'Exit codes: 0 no failed verdict, no leftovers, and no error or inconclusive verdict (at most 2 in 100 with busy processes); 1 otherwise; 2 wrong usage.',
  fromClone: true,
  async run({ number, text }, io) {
    const { soak } = await fromSource<typeof soaking>('scripts/soak/soak.ts', io);
    const interrupted = io.interruption('Stopping after the current run.');
    const directory = text('report-dir') ?? '';
    const options = { runs: number('runs'), busy: number('busy'), json: text('json'), directory, interrupted };
    return (await soak(options, io)) ? EXIT.conforms : EXIT.doesNotConform;
  },
};
