/** Writes suites/README.md and docs/scenario-list.md from the suites (`npm run catalogue`). Does not run scenarios. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { configure } from '../harness/config/configuration.ts';
import { capabilitiesBefore } from '../harness/engine/platform.ts';
import { DEFAULT_SCOPES } from '../harness/plan/scopes.ts';
import { counted } from '../foundation/node/text.ts';
import { readSuites, type Suites } from '../harness/scenario-files/read-suites.ts';
import { unmetRequirements } from '../harness/scenario/requirements.ts';
import type { Scenario } from '../harness/scenario/spec.ts';
import { table } from './tables.ts';

const SUITES = fileURLToPath(new URL('../suites', import.meta.url));

/** Flags of runs whose capabilities decide where a scenario can run. */
const PLACES = {
  embedded: [[], ['--agent-chart', '0.2']],
  kind: [['--cluster', 'kind']],
  eks: [['--cluster', 'eks', '--other-account-role', 'arn:aws:iam::111122223333:role/other']],
} as const;

type RunsOn = (scenario: Scenario) => readonly string[];

/** Returns the texts of both pages by path. */
export async function cataloguePages(loaded: Suites): Promise<ReadonlyMap<string, string>> {
  const places = Object.entries(PLACES).map(([name, runs]) => ({
    name,
    capabilities: runs.map((flags) => capabilitiesBefore(configure(flags, {}))),
  }));
  const runsOn: RunsOn = (scenario) =>
    places
      .filter(({ capabilities }) => capabilities.some((all) => unmetRequirements(scenario, all) === undefined))
      .map(({ name }) => name);
  const overview = join(SUITES, 'README.md');
  return new Map([
    [overview, await format(overviewOf(loaded, runsOn), { filepath: overview, printWidth: 120 })],
    [join(SUITES, '..', 'docs', 'scenario-list.md'), listOf(loaded, runsOn)],
  ]);
}

function overviewOf({ scopes, scenarios }: Suites, runsOn: RunsOn): string {
  const scenariosOf = (suite: string): readonly Scenario[] => scenarios.filter((scenario) => scenario.suite === suite);
  const sections = Object.entries(scopes).map(([scope, { title, suites }]) => {
    const rows = Object.entries(suites).map(([suite, question]) => {
      const counts = Object.keys(PLACES).map(
        (place) => scenariosOf(suite).filter((one) => runsOn(one).includes(place)).length,
      );
      return [`[${suite}](${suite})`, question, scenariosOf(suite).length, ...counts].map(String);
    });
    const selected = DEFAULT_SCOPES.includes(scope) ? ', selected by default' : '';
    return `## ${scope}${selected}\n\n${title}.\n\n${table(['suite', 'question', 'scenarios', ...Object.keys(PLACES)], rows)}`;
  });
  return [
    '# Suites\n',
    'A run selects the suites of the scopes `identity`, `agent` and `webhook` unless `--scope` names others. Each suite is a folder, each',
    'topic a file. The columns `embedded`, `kind` and `eks` count the scenarios that can run there; some need an option such as',
    '`--agent-chart 0.2`. [docs/scenario-list.md](../docs/scenario-list.md) lists every scenario. `npm run catalogue` writes both pages.\n',
    ...sections,
  ].join('\n');
}

function listOf({ scopes, scenarios }: Suites, runsOn: RunsOn): string {
  const sections = Object.entries(scopes).flatMap(([scope, { suites }]) =>
    Object.entries(suites).map(([suite, question]) => {
      const own = scenarios.filter((scenario) => scenario.suite === suite);
      const heading = `## ${suite}\n\nScope ${scope}, ${counted(own.length, 'scenario')}. ${question}\n`;
      return [heading, ...own.map((scenario) => lineOf(scenario, runsOn(scenario))), ''].join('\n');
    }),
  );
  return ['# Scenarios\n', 'Written by `npm run catalogue`.\n', ...sections].join('\n').trimEnd().concat('\n');
}

function lineOf({ id, title, file, spec }: Scenario, places: readonly string[]): string {
  const { source, finding, profile, keywords } = spec;
  return [
    `- **${id}** [${title}](../${file}).`,
    `Runs on ${places.join(', ') || 'no cluster by default'}${profile === 'soak' || profile === 'load' ? ` in profile ${profile}` : ''}.`,
    ...(source === undefined ? [] : [`Source: ${source}.`]),
    ...(finding === undefined ? [] : [`Finding: ${finding}`]),
    ...(keywords === undefined ? [] : [`Keywords: ${keywords.join(', ')}.`]),
  ].join(' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, text] of await cataloguePages(await readSuites(SUITES, []))) writeFileSync(path, text);
