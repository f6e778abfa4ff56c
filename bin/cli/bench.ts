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
    option.text('kind-image IMAGE', 'measure runs on kind with this node image instead, which takes some minutes'),
    option.flag(
      'eks',
      'measure instead, against an emulated AWS that takes as long as AWS, how much faster a run on EKS is for arranging and probing scenarios side by side; takes half an hour, less with --suite',
    ),
    option.list('suite NAME', 'with --eks: these suites alone (a comma list)'),
    option.flag(
      'agent',
      'measure instead the reference agent alone under requests at a constant rate, with its limiter off and on; needs Go, by which vegeta is built once',
    ),
    option.number('requests N', 'with --agent: how many requests with the limiter off', {
      default: 120_000,
      minimum: 20_000,
    }),
    option.flag('faults', 'with --agent: try instead whether each fault of the agent that load shows is noticed'),
    option.flag(
      'growth',
      'measure instead how memory, processor time and results grow from 100 to 1,000 generated scenarios; takes some minutes',
    ),
    option.flag('strict', 'exit 1 when a target is missed'),
  ],
  remarks:
    'Exit codes: 0 measured; 1 a target is missed (with --strict); 2 wrong usage; 3 a run failed or runs differ.',
  fromClone: true,
  async run({ flag, text, list, number, values }, io) {
    const [eks, kindImage, suites] = [flag('eks'), text('kind-image'), list('suite')];
    const repeat = values.get('repeat')?.value as number | undefined;
    const chosen = ['eks', 'growth', 'agent', 'kind-image', 'repeat'].filter(
      (name) => (values.get(name)?.origin ?? 'default') !== 'default',
    );
    // Clusters on kind are made several times.
    const [alone, ...others] = chosen.join() === 'kind-image,repeat' ? [] : chosen;
    if (others.length > 0)
      throw badFlagValue(`--${alone} measures something of its own: leave --${others.join(' and --')} out.`);
    if (suites.length > 0 && !eks)
      throw badFlagValue(`--suite ${suites.join(',')} goes with --eks: add that, or leave it out.`);
    if ((flag('faults') || values.get('requests')?.origin !== 'default') && !flag('agent'))
      throw badFlagValue('--faults and --requests go with --agent: add that, or leave them out.');
    const agent = flag('agent') ? { requests: number('requests'), faults: flag('faults') } : undefined;
    const { bench } = await fromSource<typeof benchmark>('scripts/bench/bench.ts', io);
    return bench(
      {
        ...{ repeat, kindImage, eks, suites, agent, growth: flag('growth') },
        ...{ json: text('json'), strict: flag('strict') },
      },
      io,
    );
  },
};
