/** Entry point of `mocha --require eks-pod-identity-conformance/mocha`: each scenario is a test. Options: docs/watch.md. */
import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORKLOAD_PROGRAMS } from '../components/clients/registry.ts';
import { HarnessError } from '../foundation/node/errors.ts';
import { checkClusterFlags } from './config/cluster-flags.ts';
import { configure } from './config/configuration.ts';
import { run } from './engine/run.ts';
import { ScenarioTest } from './report/mocha.ts';
import { readGate, unknownScenario, type Gate } from './gate/gate.ts';
import type { NamedReporter, Reporter } from './report/reporter.ts';
import { makeReporters } from './report/reporters.ts';
import { wantsColor } from '../foundation/node/text.ts';
import type { RunResults } from './results/results.ts';
import { newRegistry, openRegistry } from './scenario-files/suite-registry.ts';
import type { Scenario } from './scenario/spec.ts';
import { prepareForUserFiles } from './scenario-files/user-files.ts';

const shown: { readonly scenario: Scenario; readonly test: ScenarioTest; readonly shownBy: Mocha.Test }[] = [];
const registry = newRegistry({
  around: (name, declare) => void describe(name, declare),
  declared: (scenario) => {
    const test = new ScenarioTest(scenario.id);
    const shownBy = it(`${scenario.id} ${scenario.title}`, test.body);
    shownBy.timeout(0);
    test.shownBy(shownBy);
    shown.push({ scenario, test, shownBy });
  },
});
let results: Promise<RunResults> | undefined;

export async function mochaHooks(): Promise<object> {
  if (process.env['MOCHA_WORKER_ID'] !== undefined)
    throw withShortStack(
      new HarnessError('BAD_FLAG_VALUE', 'Scenarios already run in parallel. Remove the --parallel option of mocha.'),
    );
  // Concurrent work listens to the run's signals, which Node would report as a leak.
  setMaxListeners(0);
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  await prepareForUserFiles();
  openRegistry(registry);
  return {};
}

/** Starts the run of the scenarios that mocha selected; resolves once the clusters are ready. */
export async function mochaGlobalSetup(this: Mocha.Runner): Promise<void> {
  const { _grep: grep, _invert: invert = false, _opts: options } = this as unknown as Selection;
  const selected = shown.filter(({ shownBy }) => grep.test(shownBy.fullTitle()) !== invert);
  if (selected.length === 0 || options?.dryRun === true) return;
  const tests = new Map(selected.map(({ scenario, test }) => [scenario.id, test]));
  try {
    await new Promise<void>((provisioned, failed) => {
      const bridge: Reporter = {
        phaseStarted: (phase) => (phase === 'scenarios' ? provisioned() : undefined),
        scenarioOver: (result) => tests.get(result.id)?.end(result),
        runOver: ({ run: { error } }) => {
          for (const test of tests.values()) test.abandon(error);
        },
      };
      results = start(
        selected.map(({ scenario }) => scenario),
        { name: 'mocha', reporter: bridge },
      );
      results.then(({ run: { error } }) => (error === null ? provisioned() : failed(new Error(error))), failed);
    });
  } catch (error) {
    throw withShortStack(error);
  }
}

/** Tears everything down. Throws a failure of the whole run, so that mocha exits with a code other than 0. */
export async function mochaGlobalTeardown(): Promise<void> {
  const error = (await results)?.run.error ?? null;
  if (error !== null) throw withShortStack(new Error(error));
}

interface Selection {
  readonly _grep: RegExp;
  readonly _invert?: boolean;
  readonly _opts?: { readonly dryRun?: boolean };
}

async function start(scenarios: readonly Scenario[], bridge: NamedReporter): Promise<RunResults> {
  const configuration = configure([], process.env);
  checkClusterFlags(configuration);
  if (configuration.list('fault').length > 0)
    throw new HarnessError('BAD_FLAG_VALUE', '--fault is not supported with mocha. Unset CONFORMANCE_FAULT.');
  const wanted = configuration.list('reporter');
  const gateFile = configuration.text('gate');
  const gate = gateFile === undefined ? undefined : checkedGate(gateFile);
  const { stdout, stderr, env: environment } = process;
  const color = wantsColor(stderr, configuration.flag('no-color'), environment);
  const io = { stdout, stderr, environment, color, quiet: configuration.flag('quiet'), verbose: false };
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupt.abort(new Error('the run was interrupted')));
  return run({
    configuration,
    scenarios,
    environment,
    stderr,
    hooks: registry.hooks,
    gate,
    reporters: [bridge, ...(wanted.length === 0 ? [] : await makeReporters(wanted, io))],
    version: (JSON.parse(readFileSync(join(root(), 'package.json'), 'utf8')) as { version: string }).version,
    workload: WORKLOAD_PROGRAMS[0],
    interrupted: interrupt.signal,
    programs: [join(root(), 'dist', 'probe', 'probe.cjs')],
  });
}

/** Reads the gate. Only reports unknown scenarios, because they may be in files that mocha does not load. */
function checkedGate(file: string): Gate {
  const gate = readGate(file);
  const unknown = unknownScenario(
    gate,
    shown.map(({ scenario }) => scenario.id),
  );
  if (unknown !== undefined)
    process.stderr.write(
      `${file} names scenario ${unknown}, but no loaded file declares it. Check its id, or load its file too.\n`,
    );
  return gate;
}

/** Folder of the package, from dist/harness/mocha.js or the source. */
function root(): string {
  const code = dirname(dirname(fileURLToPath(import.meta.url)));
  return basename(code) === 'dist' ? dirname(code) : code;
}

/** Replaces an error's stack, which mocha prints, by its message. */
function withShortStack(error: unknown): unknown {
  if (error instanceof Error) error.stack = error.message;
  return error;
}
