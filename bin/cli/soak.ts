import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type * as soaking from '../../scripts/soak/soak.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const SOAK: Command = {
  name: 'soak',
  summary: 'repeats whole runs, and counts what is not the same in all',
  about:
    'Runs all scenarios on embedded clusters again and again: in the declared, in reverse and in random order, each third run of an order beside busy processes. Counts verdicts other than passed, and looks for processes, ports and files that a run leaves.',
  options: [
    option.number('runs N', 'whole runs, one after the other', { default: 100, minimum: 1 }),
    option.number('busy N', 'busy processes beside each third run', { default: 4, minimum: 0, maximum: 64 }),
    option.text('json FILE', 'write what came of it as JSON, anew after each run'),
    option.text('report-dir DIR', 'folder for the reports of runs that did not end as they should', {
      default: 'reports/soak',
    }),
  ],
  remarks:
    'Exit codes: 0 nothing failed, nothing was left, and no verdict was error or inconclusive but at most 2 in 100 of those beside busy processes; 1 otherwise; 2 wrong usage.',
  fromClone: true,
  async run({ number, text }, io) {
    const { soak } = await fromSource<typeof soaking>('scripts/soak/soak.ts', io);
    const interrupted = io.interruption('Stops after the run that is under way.');
    const directory = text('report-dir') ?? '';
    const options = { runs: number('runs'), busy: number('busy'), json: text('json'), directory, interrupted };
    return (await soak(options, io)) ? EXIT.conforms : EXIT.doesNotConform;
  },
};
