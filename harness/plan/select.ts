import type { Configuration } from '../config/configuration.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { PROFILES, type Profile, type ProfileName } from '../scenario/profiles.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Loaded } from '../scenario-files/read-suites.ts';
import type { Scenario } from '../scenario/spec.ts';

/** The scenarios that the configuration selects, in the order they were declared. Throws for names that do not exist. */
export function select(
  { scenarios: all, renamedSuites }: Pick<Loaded, 'scenarios' | 'renamedSuites'>,
  configuration: Configuration,
): readonly Scenario[] {
  const suites = [...new Set(all.map((scenario) => scenario.suite))];
  for (const name of configuration.list('suite')) {
    if (!suites.includes(name))
      throw new HarnessError(
        'UNKNOWN_SUITE',
        renamed(name, renamedSuites[name]) ?? `Unknown suite "${name}": ${suggestion(name, suites)}`,
      );
  }
  const ids = all.map((scenario) => scenario.id);
  for (const id of configuration.list('scenario')) {
    if (!ids.includes(id))
      throw new HarnessError(
        'UNKNOWN_SCENARIO',
        `Unknown scenario "${id}": ${suggestion(id, ids)} (--list lists them)`,
      );
  }
  const wanted = { suites: configuration.list('suite'), ids: configuration.list('scenario') };
  const grep = expression(configuration.text('grep'));
  const invert = expression(configuration.text('grep-invert'));
  const text = (scenario: Scenario): string => `${scenario.id} ${scenario.title}`;
  const profile = profileOf(configuration);
  const isIn = ({ id, suite, spec }: Scenario): boolean =>
    profile.includes(spec.profile) ||
    // Who names what makes load wants it.
    (spec.profile === 'load' && (wanted.ids.includes(id) || wanted.suites.includes(suite)));
  const outside = all.find((scenario) => wanted.ids.includes(scenario.id) && !isIn(scenario));
  if (outside !== undefined) {
    const other = outside.spec.profile === 'soak' ? 'soak' : 'full';
    throw new HarnessError(
      'NOTHING_SELECTED',
      `Scenario ${outside.id} is not in profile ${profile.name}: add --profile ${other}, or leave the scenario out.`,
    );
  }
  const selected = all.filter(
    (scenario) =>
      isIn(scenario) &&
      (wanted.suites.length === 0 || wanted.suites.includes(scenario.suite)) &&
      (wanted.ids.length === 0 || wanted.ids.includes(scenario.id)) &&
      (grep === undefined || grep.test(text(scenario))) &&
      (invert === undefined || !invert.test(text(scenario))),
  );
  if (selected.length === 0 && !configuration.flag('pass-with-no-scenarios')) {
    throw new HarnessError(
      'NOTHING_SELECTED',
      'No scenario is selected: loosen --suite, --scenario, --grep or --grep-invert, or say --pass-with-no-scenarios.',
    );
  }
  return selected;
}

/** What became of a suite that once existed, in a sentence. */
function renamed(name: string, successors: readonly string[] = []): string | undefined {
  const [last, ...others] = [...successors].reverse();
  if (last === undefined) return undefined;
  if (others.length === 0) return `Suite "${name}" was renamed: use ${last}.`;
  return `Suite "${name}" was split: use ${others.reverse().join(', ')} or ${last}.`;
}

const expression = (source: string | undefined): RegExp | undefined =>
  source === undefined ? undefined : new RegExp(source);

const profileOf = (configuration: Configuration): Profile & { readonly name: ProfileName } => {
  const name = configuration.text('profile') as ProfileName;
  return { name, ...PROFILES[name] };
};

/** The profile of a run, and whether other flags narrow the choice, so that the run does not stand for it. */
export function chosenProfile(configuration: Configuration) {
  const { name, version } = profileOf(configuration);
  const narrowed = isNarrowed(configuration) || configuration.flag('last-failed') || configuration.flag('watch');
  return { name, version, narrowed };
}

/** Whether flags that name scenarios narrow the choice. */
export const isNarrowed = (configuration: Configuration): boolean =>
  ['suite', 'scenario'].some((option) => configuration.list(option).length > 0) ||
  ['grep', 'grep-invert'].some((option) => configuration.text(option) !== undefined);
