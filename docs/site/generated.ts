/** Parts of the site's pages that are written from the code when the site is built. */
import { join } from 'node:path';
import { ALL_COMMANDS } from '../../bin/cli/commands.ts';
import { valueOf } from '../../bin/cli/help.ts';
import { CHECK_SECTIONS } from '../../doctor/checks/index.ts';
import { checksPage } from '../../doctor/checks/page.ts';
import type { OptionSpec } from '../../foundation/node/options.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { counted } from '../../foundation/node/text.ts';
import { OPTIONS } from '../../harness/config/options.ts';
import { variableOf } from '../../harness/config/read-options.ts';
import { OPERATORS } from '../../harness/loosen/operators/catalogue.ts';
import { GUESSES, type Guess } from '../../harness/record/guesses.ts';
import type { Suites } from '../../harness/scenario-files/read-suites.ts';
import { CAPABILITIES, type Scenario } from '../../harness/scenario/spec.ts';
import { placesOf, type PlacesOf } from '../../scripts/catalogue.ts';
import { readDefinitions } from '../../scripts/faults/definitions.ts';
import { measuredSection } from '../../scripts/detection/page.ts';
import { table } from '../../scripts/tables.ts';

/** Returns the generated parts by the name that a page's line `<!-- generated: NAME -->` has. `root`: the project's folder. */
export const generatedParts = (root: string, suites: Suites): ReadonlyMap<string, string> =>
  new Map([
    ['scenarios', scenarioList(suites, placesOf())],
    ['faults', faultTables(join(root, 'scripts', 'faults'))],
    ['doctor-checks', checksPage(CHECK_SECTIONS)],
    ['guesses-by-run', guessTable(false)],
    ['guesses-by-hand', guessTable(true)],
    ['run-flags', flagTable()],
    ['command-flags', commandFlags()],
    ['commands', commandTable()],
    ['operators', operatorList()],
    ['capabilities', table(['capability', 'meaning'], Object.entries(CAPABILITIES).map(codeFirst))],
    ['detected-mutants', measuredSection(root, 'mutants')],
    ['detected-faults', measuredSection(root, 'faults')],
  ]);

function scenarioList({ scopes, scenarios }: Suites, places: PlacesOf): string {
  const sections = Object.entries(scopes).flatMap(([scope, { suites }]) =>
    Object.entries(suites).map(([suite, question]) => {
      const suiteScenarios = scenarios.filter((scenario) => scenario.suite === suite);
      const heading = `## ${suite}\n\nScope ${scope}, ${counted(suiteScenarios.length, 'scenario')}. ${question}\n`;
      return [heading, ...suiteScenarios.map((scenario) => scenarioLine(scenario, places(scenario))), ''].join('\n');
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
      [guess.guess, guess.details ?? ''].join(' ').trim(),
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

const operatorList = (): string =>
  Object.entries(OPERATORS)
    .map(([id, { title, does, source }]) => `- \`${id}\` (${title}): ${does} [${source.title}](${source.url})`)
    .join('\n');

const codeFirst = ([name, ...cells]: readonly string[]): readonly string[] => [`\`${name}\``, ...cells];

const commandTable = (): string =>
  table(
    ['command', 'in a clone', 'what it does'],
    ALL_COMMANDS.map(({ name, summary }) => [
      `[${name}](#${name.replace(' ', '-')})`,
      `\`${commandLine(name)}\``,
      summary,
    ]),
  );

function commandFlags(): string {
  const sections = ALL_COMMANDS.map(({ name, about, remarks, options: all }) => {
    const rows = all.filter((option) => !OPTIONS.includes(option)).map((option) => [flagOf(option), option.help]);
    const flags = rows.length === 0 ? [] : [table(['flag', 'what it does'], rows)];
    return [`### ${name}`, about, ...flags, remarks].join('\n\n');
  });
  return sections.join('\n\n');
}

const flagOf = (option: OptionSpec): string => `\`--${option.name}${valueOf(option)}\``;
