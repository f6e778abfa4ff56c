import { badFlagValue } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type * as benchmark from '../../scripts/bench/bench.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const BENCH: Command = {
  name: 'bench',
  summary: 'measure this machine against targets',
  about:
    'Measure the harness on this machine and print each measurement next to its target. Takes about three minutes.',
  options: [
    option.text('json FILE', 'write the measurements to this JSON file too; - prints JSON instead of the table'),
    option.number(
      'repeat N',
      'measure the median of this many whole runs, which must have equal verdicts (default: 5; 20 finds flaky ones)',
      { minimum: 1 },
    ),
    option.flag(
      'growth',
      'measure growth of memory, CPU time and results from 100 to 1,000 generated scenarios instead',
    ),
    option.flag('strict', 'exit 1 if a target is missed'),
  ],
  remarks:
    'Exit codes: 0 measured; 1 a target is missed (with --strict); 2 wrong usage; 3 a run failed or runs differ.',
  fromClone: true,
  async run({ flag, text, values }, io) {
    const repeat = values.get('repeat')?.value as number | undefined;
    const growth = flag('growth');
    if (growth && repeat !== undefined) throw badFlagValue('--growth measures two runs: leave out --repeat.');
    const { bench } = await fromSource<typeof benchmark>('scripts/bench/bench.ts', io);
    return bench({ repeat, growth, json: text('json'), strict: flag('strict') }, io);
  },
};
