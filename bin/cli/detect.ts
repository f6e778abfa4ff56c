import type * as detection from '../../scripts/detection/index.ts';
import { badFlagValue, EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const DETECT: Command = {
  name: 'detect',
  summary: 'runs the suites against defects, and says which were noticed',
  about:
    'Runs the suites on embedded clusters against one defect after another: the catalogue of faults, or mutants. Says which scenario noticed each, which survived, and which no scenario reached.',
  options: [
    option.list('fault NAME', 'these faults alone (repeat, or a comma list; default: the whole catalogue)'),
    option.flag('mutants', "defects that a machine makes of the reference subjects' sources, instead of faults"),
    option.list('area NAME', 'defects of these areas of the sources alone (repeat, or a comma list)'),
    option.number('sample N', 'so many of the defects, chosen by the seed (default: all)', { minimum: 1 }),
    option.text('seed TEXT', 'with --sample: which are chosen', { default: '0' }),
    option.list('scenario ID', 'these scenarios alone (repeat, or a comma list)'),
    option.flag('all', 'try every scenario that reaches a defect, for the whole matrix'),
    option.number('jobs N', 'processes at once (default: one more than there are processors)', {
      minimum: 1,
      maximum: 64,
    }),
    option.text('json FILE', 'write the matrix as JSON'),
    option.flag('write', 'write docs/detection.md anew, and which scenario noticed which fault'),
  ],
  remarks: 'Exit codes: 0 each defect was noticed; 1 one was not; 2 wrong usage; 3 it could not be found out.',
  fromClone: true,
  async run({ flag, text, list, values }, io) {
    const number = (name: string): number | undefined => values.get(name)?.value as number | undefined;
    if (flag('mutants') && list('fault').length > 0)
      throw badFlagValue('--fault and --mutants are different kinds of defects: give one of them.');
    const { runDetect } = await fromSource<typeof detection>('scripts/detection/index.ts', io);
    const noticed = await runDetect(
      {
        kind: flag('mutants') ? 'mutants' : 'faults',
        sample: number('sample'),
        seed: text('seed') ?? '0',
        faults: list('fault'),
        areas: list('area'),
        scenarios: list('scenario'),
        jobs: number('jobs'),
        all: flag('all'),
        json: text('json'),
        write: flag('write'),
      },
      {
        root: io.root,
        say: (words) => void io.stdout.write(words),
        progress: (line) => void io.stderr.write(`${line}\n`),
      },
    );
    return noticed ? EXIT.conforms : EXIT.doesNotConform;
  },
};
