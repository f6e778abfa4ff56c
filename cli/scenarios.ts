import { join } from 'node:path';
import { EXIT } from '../foundation/errors.ts';
import { checkClusterFlags } from '../harness/config/cluster-flags.ts';
import { configure, type Configuration } from '../harness/config/configuration.ts';
import { OPTIONS } from '../harness/config/options.ts';
import type { GivenOptions } from '../harness/config/read-options.ts';
import type { Loaded } from '../harness/scenario/load.ts';
import type { Gate } from '../harness/gate/gate.ts';
import type { Command, Io } from './command.ts';

/** The configuration of a run, as the commands about scenarios read it. */
export type Configured = Configuration & GivenOptions;

/** Flags that say which scenarios, and those of every command. */
const SELECTION = [
  'suite',
  'scenario',
  'grep',
  'grep-invert',
  'suites-dir',
  'profile',
  'pass-with-no-scenarios',
  'config',
  'verbose',
  'help',
];

export const EXIT_CODES = `Exit codes: 0 all as expected; 1 a subject does not conform; 2 wrong usage or configuration;
3 the environment failed or a verdict is inconclusive; 130 interrupted.`;

export const SETTINGS =
  'A flag wins over its environment variable (CONFORMANCE_<FLAG>), which wins over the config file.';

/** The part of a command that takes the flags which select scenarios, and those of clusters and AWS where these matter. */
export function selecting({ clusters }: { readonly clusters: boolean }): Pick<Command<Configured>, 'options' | 'read'> {
  const ofClusters = clusters
    ? OPTIONS.slice(
        0,
        OPTIONS.findIndex(({ name }) => name === 'suite'),
      )
    : [];
  const names = [...ofClusters.map(({ name }) => name), ...SELECTION];
  return {
    options: OPTIONS.filter(({ name }) => names.includes(name)),
    read: (argv, environment) => ({ ...configure(argv, environment, { flags: names }), words: [] }),
  };
}

/** The selected scenarios, the project's own and those of the user's folders, and the hooks and the gate that go with them. */
export async function selected(configuration: Configuration, io: Io): Promise<Loaded & { readonly gate?: Gate }> {
  // First, as a run that is only listed or planned is to be possible too.
  checkClusterFlags(configuration);
  const [{ loadScenarios }, { select }] = await Promise.all([
    import('../harness/scenario/load.ts'),
    import('../harness/plan/select.ts'),
  ]);
  const loaded = await loadScenarios(join(io.code, 'suites'), configuration.list('suites-dir'));
  const gate = await gateOf(configuration, loaded);
  return { ...loaded, ...(gate && { gate }), scenarios: select(loaded.scenarios, configuration) };
}

async function gateOf(configuration: Configuration, { scenarios }: Loaded): Promise<Gate | undefined> {
  const file = configuration.text('gate');
  if (file === undefined) return undefined;
  const { checkGate, readGate } = await import('../harness/gate/gate.ts');
  const gate = readGate(file);
  const ids = scenarios.map(({ id }) => id);
  checkGate(gate, ids);
  return gate;
}

export function say(io: Io, text: string): number {
  io.stdout.write(text);
  return EXIT.conforms;
}
