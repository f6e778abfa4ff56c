import { join, relative } from 'node:path';
import { WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import { badFlagValue, EXIT, HarnessError } from '../../foundation/node/errors.ts';
import { option, withFields } from '../../foundation/node/options.ts';
import { counted } from '../../foundation/node/text.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import type { Observation } from '../../harness/policies/observation.ts';
import type { JudgedChange } from '../../harness/loosen/judge.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { withValue } from '../../harness/config/read-options.ts';
import type { Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';
import { formatOption, json, print, type Formats } from './formats.ts';
import { packageVersion } from './run.ts';
import { selected, selecting, SETTINGS, type Configured, type Selected } from './scenarios.ts';

type Judged = readonly JudgedChange[];

const FORMATS: Formats<Judged> = {
  text: async (judged, { width }) => (await import('../../harness/loosen/text.ts')).loosenText(judged, width),
  json: async (judged) => json((await import('../../harness/loosen/text.ts')).looseningOf(judged)),
};

export const LOOSEN: Command<Configured> = {
  name: 'loosen',
  summary: 'change your policies in wrong ways, and report which changes your suites notice',
  about: `Run your own suites once on an embedded cluster. Then make the wrong versions of each policy that people make: a
condition dropped, a wildcard added, an action widened. Decide every recorded question again with each version, and report
those that no probe notices, with a probe that would (docs/loosen.md).`,
  question: 'which mistakes in your policies your own suites would notice',
  ...selecting(
    'loosen',
    withFields({ commandLineOnly: true }, [
      option.number('min-score N', 'exit 1 if less than N percent of the changes are noticed', { maximum: 100 }),
      formatOption(FORMATS),
      option.flag('write', 'add the probes of survivors to the suite files'),
      option.flag('inline', 'also change policies that suites build themselves, not only policy files'),
    ]),
  ),
  remarks: `${SETTINGS}\nExit codes: 0 judged; 1 a scenario does not pass without changes, or the score is below --min-score;
2 wrong usage or configuration; 3 the environment failed.`,
  run: loosen,
};

async function loosen(configuration: Configured, io: Io): Promise<number> {
  const suites = await selected(configuration, io);
  const isNamed = ['suite', 'scenario', 'scope'].some((name) => configuration.list(name).length > 0);
  const scenarios = suites.scenarios.filter((scenario) => isNamed || scenario.scope === undefined);
  if (scenarios.length === 0)
    throw badFlagValue('No suite of your own is selected. Name its folder with --suites-dir or --config.');
  const [{ judgeChanges }, { looseningOf, scoreOf }, { coverageIn, PAGE_FILE, pageHtml }, { writeWhole }] =
    await Promise.all([
      import('../../harness/loosen/judge.ts'),
      import('../../harness/loosen/text.ts'),
      import('../../harness/report/page.ts'),
      import('../../harness/report/write.ts'),
    ]);
  const folder = join(configuration.text('report-dir') ?? 'reports', 'loosen');
  const interrupted = io.interruption('Interrupted, tearing down.');
  const progress = (line: string): void => void (configuration.flag('quiet') || io.stderr.write(`${line}\n`));
  const observations = new Map<string, Observation>();
  const runIn = async (name: string, some: readonly Scenario[]): Promise<RunResults> => {
    const results = await runQuietly(
      withValue(configuration, 'report-dir', join(folder, name)),
      { ...suites, scenarios: some },
      { io, interrupted, observe: (observation) => observations.set(observation.scenario.id, observation) },
    );
    if (results.run.error !== null) throw new HarnessError('STOPPED', results.run.error);
    return results;
  };
  progress(`Running ${counted(scenarios.length, 'scenario')}`);
  const unchanged = await runIn('unchanged', scenarios);
  const bad = unchanged.scenarios.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped');
  if (bad.length > 0) {
    io.stderr.write(bad.map(({ id, reason }) => `${id} does not pass without changes: ${reason}\n`).join(''));
    return EXIT.doesNotConform;
  }
  const inOrder = scenarios.flatMap(({ id }) => observations.get(id) ?? []);
  const judged = await judgeChanges(inOrder, {
    inline: configuration.flag('inline'),
    run: async (copies) => {
      progress(`Running ${counted(copies.length, 'scenario')} with changed policies`);
      return (await runIn('changed', copies)).scenarios;
    },
  });
  const loosening = looseningOf(judged);
  const page = pageHtml({ runs: [unchanged], ...coverageIn(join(folder, 'unchanged')), loosening });
  progress(`Report: ${writeWhole(join(folder, PAGE_FILE), page)}`);
  await print(judged, FORMATS, configuration, io);
  if (configuration.flag('write')) await write(judged, io);
  const least = configuration.values.get('min-score')?.value;
  return typeof least === 'number' && scoreOf(judged) < least ? EXIT.doesNotConform : EXIT.conforms;
}

/** Says on stderr which files have new probes, so that the output stays JSON. */
async function write(judged: readonly JudgedChange[], io: Io): Promise<void> {
  const { writeProbes } = await import('../../harness/loosen/write-probe.ts');
  const { written, byHand } = writeProbes(judged);
  for (const [file, count] of written)
    io.stderr.write(`Added ${counted(count, 'probe')} to ${relative('', file)}. Run loosen again to judge them.\n`);
  const scenarios = [...new Set(byHand.map(({ proposal }) => proposal?.scenario.id))].join(', ');
  if (scenarios !== '')
    io.stderr.write(`Add the other probes by hand, since ${scenarios} has members that are not literals.\n`);
}

interface QuietRun {
  readonly io: Io;
  readonly interrupted: AbortSignal;
  readonly observe: (observation: Observation) => void;
}

/** Runs scenarios without reporters, and passes on their decisions. */
export async function runQuietly(
  configuration: Configured,
  { hooks, scenarios }: Pick<Selected, 'hooks' | 'scenarios'>,
  { io, interrupted, observe }: QuietRun,
): Promise<RunResults> {
  const { run } = await import('../../harness/engine/run.ts');
  return run({
    configuration,
    hooks,
    scenarios,
    reporters: [],
    version: packageVersion(io.root),
    workload: WORKLOAD_PROGRAMS[0],
    environment: io.environment,
    interrupted,
    programs: [join(io.root, 'dist', 'probe', 'probe.cjs')],
    stderr: io.stderr,
    observe,
  });
}
