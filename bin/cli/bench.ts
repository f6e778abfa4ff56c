import type * as benchmark from '../../scripts/bench/bench.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const BENCH: Command = {
  name: 'bench',
  summary: 'measure whole runs and rates on this machine',
  about:
    'Measure the rates of policy evaluations, signature checks and GetObject, then whole runs on embedded clusters. All runs must have equal verdicts.',
  options: [
    option.number('repeat N', 'report the median of this many whole runs', { default: 5, minimum: 1 }),
    option.flag('growth', 'measure runs of 100 and of 1,000 generated scenarios instead', {
      conflicts: [{ with: ['--repeat'], because: 'it measures two runs' }],
    }),
  ],
  remarks: 'Exit codes: 0 measured; 2 wrong usage; 3 a run failed or runs differ.',
  fromClone: true,
  forMaintainers: true,
  async run({ flag, number }, io) {
    const { bench } = await fromSource<typeof benchmark>('scripts/bench/bench.ts', io);
    await bench({ repeat: number('repeat'), growth: flag('growth') }, io);
    return EXIT.conforms;
  },
};
