import { badFlagValue } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type * as benchmark from '../../scripts/bench/bench.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const BENCH: Command = {
  name: 'bench',
  summary: 'measures this machine against targets',
  about:
    'Measures the harness on this machine, prints each measurement beside its target and takes about three minutes.',
  options: [
    option.text('json FILE', 'write the measurements as JSON too; - prints JSON instead of the table'),
    option.number(
      'repeat N',
      'whole runs to measure, of which the median counts (default: 5). All must come to the same verdicts in the same order: 20 looks for flakes, however long that takes',
      { minimum: 1 },
    ),
    option.flag(
      'growth',
      'measure instead how memory, processor time and results grow from 100 to 1,000 generated scenarios; takes some minutes',
    ),
    option.flag('strict', 'exit 1 when a target is missed'),
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
