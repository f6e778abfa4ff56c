/** Writes suites/README.md from the suites (`npm run catalogue`). Does not run scenarios. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { configure } from '../harness/config/configuration.ts';
import { capabilitiesBefore } from '../harness/engine/platform.ts';
import { DEFAULT_SCOPES } from '../harness/plan/scopes.ts';
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

/** Returns the kinds of clusters on which a scenario can run. */
export type PlacesOf = (scenario: Scenario) => readonly string[];

export const PAGE = join(SUITES, 'README.md');

export function placesOf(): PlacesOf {
  const places = Object.entries(PLACES).map(([name, runs]) => ({
    name,
    capabilities: runs.map((flags) => capabilitiesBefore(configure(flags, {}))),
  }));
  return (scenario) =>
    places
      .filter(({ capabilities }) => capabilities.some((all) => unmetRequirements(scenario, all) === undefined))
      .map(({ name }) => name);
}

/** Returns the text of the page. */
export const cataloguePage = (loaded: Suites): Promise<string> =>
  format(overviewOf(loaded, placesOf()), { filepath: PAGE, printWidth: 120 });

function overviewOf({ scopes, scenarios }: Suites, runsOn: PlacesOf): string {
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
    '`--agent-chart 0.2`. [docs/scenario-list.md](../docs/scenario-list.md) lists every scenario. `npm run catalogue` writes this page.\n',
    ...sections,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PAGE, await cataloguePage(await readSuites(SUITES, [])));
