/** Parts of the site's pages that are written from the code when the site is built. */
import { join } from 'node:path';
import { COMMANDS } from '../bin/cli/commands.ts';
import { valueOf } from '../bin/cli/help.ts';
import { CHECKS } from '../doctor/checks/index.ts';
import { checksPage } from '../doctor/checks/page.ts';
import type { OptionSpec } from '../foundation/node/options.ts';
import { counted } from '../foundation/node/text.ts';
import { OPTIONS } from '../harness/config/options.ts';
import { variableOf } from '../harness/config/read-options.ts';
import { GUESSES, type Guess } from '../harness/record/guesses.ts';
import type { Suites } from '../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../harness/scenario/spec.ts';
import { placesOf, type PlacesOf } from '../scripts/catalogue.ts';
import { readDefinitions } from '../scripts/faults/definitions.ts';
import { table } from '../scripts/tables.ts';

/** JSON schemas of the package. */
const SCHEMAS: readonly (readonly [path: string, document: string])[] = [
  ['harness/report/results.schema.json', '`results.json`, the record of a run'],
  ['harness/config/config.schema.json', 'files of `--config`'],
  ['harness/compare/compare.schema.json', 'the report of `compare --format json`'],
  ['doctor/output/doctor.schema.json', 'the report of `doctor --format json`'],
  ['emulator/iam/policy.schema.json', 'IAM policies'],
  ['emulator/iam/evaluate/cases.schema.json', 'files of `evaluate`'],
];

/** Returns the generated parts by the name that a page's line `<!-- generated: NAME -->` has. `root`: the project's folder. */
export const generatedParts = (root: string, suites: Suites): ReadonlyMap<string, string> =>
  new Map([
    ['scenarios', scenarioList(suites, placesOf())],
    ['faults', faultTables(join(root, 'scripts', 'faults'))],
    ['doctor-checks', checksPage(CHECKS)],
    ['guesses-by-run', guessTable(false)],
    ['guesses-by-hand', guessTable(true)],
    ['run-flags', flagTable()],
    ['command-flags', commandFlags()],
    ['schemas', schemaTable()],
  ]);

function scenarioList({ scopes, scenarios }: Suites, places: PlacesOf): string {
  const sections = Object.entries(scopes).flatMap(([scope, { suites }]) =>
    Object.entries(suites).map(([suite, question]) => {
      const own = scenarios.filter((scenario) => scenario.suite === suite);
      const heading = `## ${suite}\n\nScope ${scope}, ${counted(own.length, 'scenario')}. ${question}\n`;
      return [heading, ...own.map((scenario) => scenarioLine(scenario, places(scenario))), ''].join('\n');
    }),
  );
  return sections.join('\n');
}

function scenarioLine({ id, title, file, spec }: Scenario, places: readonly string[]): string {
  const { source, finding, profile, keywords } = spec;
  return [
    `- **${id}** [${title}](../${file}).`,
    `Runs on ${places.join(', ') || 'no cluster by default'}${profile === 'soak' || profile === 'load' ? ` in profile ${profile}` : ''}.`,
    ...(source === undefined ? [] : [`Source: ${source}.`]),
    ...(finding === undefined ? [] : [`Finding: ${finding}`]),
    ...(keywords === undefined ? [] : [`Keywords: ${keywords.join(', ')}.`]),
  ].join(' ');
}

function faultTables(folder: string): string {
  const faults = readDefinitions(folder);
  return [...new Set(faults.map((fault) => fault.folder))]
    .sort()
    .map((part) => {
      const rows = faults
        .filter((fault) => fault.folder === part)
        .map(({ name, defect, incident, flags }) => [`\`${name}\``, defect, incident, flags]);
      return `## ${part}\n\n${table(['fault', 'defect', 'incident', 'only with'], rows)}`;
    })
    .join('\n');
}

/** `byHand`: the guesses that no scenario can settle. */
const guessTable = (byHand: boolean): string =>
  table(
    ['id', "the emulator's guess", byHand ? 'what to do' : 'settled by', 'what changes if AWS answers otherwise'],
    GUESSES.filter((guess) => (guess.byHand !== undefined) === byHand).map((guess) => [
      guess.id,
      guess.guess,
      settlement(guess),
      guess.otherwise,
    ]),
  );

const settlement = ({ byHand, scenario, probe }: Guess): string => byHand ?? `${scenario}, probe ${probe}`;

const flagTable = (): string =>
  table(
    ['flag', 'what it does', 'default', 'variable'],
    OPTIONS.map((option) => [
      flagOf(option),
      option.help,
      option.default === undefined ? '' : `\`${String(option.default)}\``,
      option.commandLineOnly ? '' : `\`${variableOf(option.name)}\``,
    ]),
  );

function commandFlags(): string {
  const sections = COMMANDS.map(({ name, options: all }) => {
    const options = all.filter((option) => !OPTIONS.includes(option));
    const rows = options.map((option) => [flagOf(option), option.help]);
    return rows.length === 0 ? '' : `### ${name}\n\n${table(['flag', 'what it does'], rows)}`;
  });
  return sections.filter((section) => section !== '').join('\n');
}

const flagOf = (option: OptionSpec): string => `\`--${option.name}${valueOf(option)}\``;

const schemaTable = (): string =>
  table(
    ['schema', 'document'],
    SCHEMAS.map(([path, document]) => [`[${path}](../${path})`, document]),
  );
