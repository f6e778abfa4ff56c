import { execFileSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import { badFlagValue, EXIT, HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { option, withFields } from '../../foundation/node/options.ts';
import { counted } from '../../foundation/node/text.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import type { Observation } from '../../harness/policies/observation.ts';
import type { JudgedChange } from '../../harness/loosen/judge.ts';
import type { TakenByScenario } from '../../harness/loosen/survivor/index.ts';
import type { PolicyChange } from '../../harness/loosen/operators/index.ts';
import type { PolicySource } from '../../harness/policies/sources.ts';
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
  sarif: async (judged, { root }) =>
    json((await import('../../harness/loosen/sarif.ts')).sarifLog(judged, packageVersion(root))),
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
      option.flag('pairs', 'also make two changes at once that do nothing alone, such as both sides of a chain'),
      option.list('operator ID', 'make only these changes (repeatable, or comma-separated; see docs/loosen.md)'),
      option.text('changed-since REF', 'change only policy files that differ from this Git commit'),
      option.text('ignore FILE', 'accept the changes that this file lists with a reason and an end date'),
      option.text(
        'since FILE',
        'report only what differs from this older output of --format json, and exit with 1 for it',
      ),
    ]),
  ),
  remarks: `${SETTINGS}\nExit codes: 0 judged; 1 a scenario does not pass without changes, the score is below --min-score, or a survivor is
new since --since; 2 wrong usage or configuration; 3 the environment failed.`,
  run: loosen,
};

async function loosen(configuration: Configured, io: Io): Promise<number> {
  const suites = await selected(configuration, io);
  const isNamed = ['suite', 'scenario', 'scope'].some((name) => configuration.list(name).length > 0);
  const scenarios = suites.scenarios.filter((scenario) => isNamed || scenario.scope === undefined);
  if (scenarios.length === 0)
    throw badFlagValue('No suite of your own is selected. Name its folder with --suites-dir or --config.');
  const [
    { judgeChanges },
    { judgePairs },
    { looseningOf, scoreOf, isOpen },
    { ignore: ignoring, readIgnored, since },
    { coverageIn, PAGE_FILE, pageHtml },
    { writeWhole },
  ] = await Promise.all([
    import('../../harness/loosen/judge.ts'),
    import('../../harness/loosen/pairs.ts'),
    import('../../harness/loosen/text.ts'),
    import('../../harness/loosen/ignored.ts'),
    import('../../harness/report/page.ts'),
    import('../../harness/report/write.ts'),
  ]);
  // Mistakes in options and files are reported before a run.
  const changes = await selectedChanges(configuration);
  const ignoreFile = configuration.text('ignore');
  const ignored = ignoreFile === undefined ? [] : readIgnored(ignoreFile);
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
  const taken: TakenByScenario = new Map();
  const inOrder = scenarios.flatMap(({ id }) => observations.get(id) ?? []);
  const all = await judgeChanges(inOrder, {
    ...{ inline: configuration.flag('inline'), progress, changes, taken },
    run: async (copies) => {
      progress(`Running ${counted(copies.length, 'scenario')} with changed policies`);
      return (await runIn('changed', copies)).scenarios;
    },
  });
  const { pairs, unjudged } = configuration.flag('pairs') ? await judgePairs(all, taken) : { pairs: [], unjudged: 0 };
  if (unjudged > 0)
    io.stderr.write(`Judged ${pairs.length} pairs of changes. ${counted(unjudged, 'pair')} more were not judged.\n`);
  const accepted = ignoring([...all, ...pairs], ignored, new Date().toISOString().slice(0, 10));
  accepted.warnings.forEach(progress);
  const older = configuration.text('since');
  const judged = older === undefined ? accepted.changes : since(accepted.changes, older);
  const loosening = looseningOf(judged);
  const page = pageHtml({ runs: [unchanged], ...coverageIn(join(folder, 'unchanged')), loosening });
  progress(`Report: ${writeWhole(join(folder, PAGE_FILE), page)}`);
  await print(judged, FORMATS, configuration, io);
  if (configuration.flag('write')) await write(judged, io);
  const least = configuration.values.get('min-score')?.value;
  const isWorse = older !== undefined && judged.some((one) => one.isNew && isOpen(one));
  const isBelow = typeof least === 'number' && scoreOf(judged) < least;
  return isWorse || isBelow ? EXIT.doesNotConform : EXIT.conforms;
}

/** Returns the files that differ from a commit, relative to the working directory. Throws `HarnessError` BAD_FLAG_VALUE. */
function filesChangedSince(ref: string): ReadonlySet<string> {
  const git = (...args: readonly string[]): readonly string[] =>
    execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).split('\0');
  try {
    const tracked = git('diff', '--name-only', '--relative', '-z', ref, '--');
    return new Set([...tracked, ...git('ls-files', '--others', '--exclude-standard', '-z')]);
  } catch (error) {
    const [reason = ''] = String((error as { stderr?: string }).stderr ?? (error as Error).message).split('\n');
    throw badFlagValue(`Git cannot compare with --changed-since ${ref}: ${reason}`);
  }
}

/** Returns the changes that the options select. Throws `HarnessError` for an unknown operator or commit. */
async function selectedChanges(configuration: Configured): Promise<(source: PolicySource) => readonly PolicyChange[]> {
  const { changesOf, OPERATORS } = await import('../../harness/loosen/operators/index.ts');
  const operators = configuration.list('operator');
  const unknown = operators.find((one) => !Object.hasOwn(OPERATORS, one));
  if (unknown !== undefined)
    throw badFlagValue(`Unknown operator "${unknown}": ${suggestion(unknown, Object.keys(OPERATORS))}`);
  const ref = configuration.text('changed-since');
  const files = ref === undefined ? undefined : filesChangedSince(ref);
  return ({ file, document, kind }) =>
    files?.has(file) === false
      ? []
      : changesOf(document, kind).filter(({ operator }) => operators.length === 0 || operators.includes(operator));
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
