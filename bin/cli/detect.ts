import type * as detection from '../../scripts/detection/index.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const DETECT: Command = {
  name: 'detect',
  summary: 'run the suites against defects, and report which are detected',
  about:
    'Run the suites on embedded clusters against one defect at a time: the catalogue of faults, or mutants. Report which scenario detects each defect, which survive, and which no scenario reaches.',
  options: [
    option.list('fault NAME', 'try this fault (repeatable, or comma-separated; default: all)'),
    option.flag('mutants', 'try generated mutants of the reference components instead of faults', {
      conflicts: [{ with: ['fault'] }],
    }),
    option.list('area NAME', 'try defects of this area of the sources (repeatable, or comma-separated)'),
    option.number('sample N', 'try this many defects, chosen by the seed (default: all)', { minimum: 1 }),
    option.text('seed TEXT', 'with --sample: choose defects by this seed', { default: '0' }),
    option.list('scenario ID', 'run only this scenario (repeatable, or comma-separated)'),
    option.flag('all', 'run every scenario that reaches a defect, for the whole matrix'),
    option.number('jobs N', 'run this many processes at once (default: one more than processors)', {
      minimum: 1,
      maximum: 64,
    }),
    option.text('json FILE', 'write the matrix to this JSON file'),
    option.flag('write', 'update the record of the shares, and of which scenario detects which fault'),
  ],
  remarks:
    'Exit codes: 0 every defect was detected; 1 a defect was not detected; 2 wrong usage; 3 the environment failed; 130 interrupted.',
  fromClone: true,
  forMaintainers: true,
  async run({ flag, text, list, values }, io) {
    const number = (name: string): number | undefined => values.get(name)?.value as number | undefined;
    const { runDetect } = await fromSource<typeof detection>('scripts/detection/index.ts', io);
    // Processes and their folders are removed when this process exits.
    io.interruption().addEventListener('abort', () => process.exit(EXIT.interrupted));
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
