import type { Configuration } from '../config/configuration.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { PROFILES, type Profile, type ProfileName } from '../scenario/profiles.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Suites } from '../scenario-files/read-suites.ts';
import { describeStep } from '../scenario/describe.ts';
import type { Scenario } from '../scenario/spec.ts';
import { probeText } from './probe-text.ts';
import { ALL_SCOPES, isInScope, scopesOf, selectableScopes } from './scopes.ts';

type Declared = Pick<Suites, 'scenarios' | 'scopes'>;

/** Returns the selected scenarios in the order of declaration. Throws `HarnessError` for unknown names. */
export function select(declared: Declared, configuration: Configuration): readonly Scenario[] {
  checkNames(declared, configuration);
  const matching = declared.scenarios.filter(matcher(configuration));
  const scopes = scopesOf(configuration);
  // Suites and scenarios that are selected by name run regardless of scope.
  const selected = isNamed(configuration) ? matching : matching.filter((scenario) => isInScope(scenario, scopes));
  if (selected.length === 0 && !configuration.flag('pass-with-no-scenarios')) {
    const more = moreInScopes(declared, configuration);
    throw new HarnessError(
      'NOTHING_SELECTED',
      `No scenario is selected${more === undefined ? '' : ` (${more})`}. Relax --scope, --profile, --suite, --scenario, --grep or --grep-invert, or use --pass-with-no-scenarios.`,
    );
  }
  return selected;
}

/** Counts the matches of `--grep` in other scopes, such as `3 more in scope aws`. Undefined without matches. */
export function moreInScopes({ scenarios, scopes }: Declared, configuration: Configuration): string | undefined {
  if (configuration.text('grep') === undefined || isNamed(configuration)) return undefined;
  const chosenScopes = scopesOf(configuration);
  const others = scenarios.filter(matcher(configuration)).filter((scenario) => !isInScope(scenario, chosenScopes));
  const counts = Object.keys(scopes).flatMap((scope) => {
    const count = others.filter((scenario) => scenario.scope === scope).length;
    return count === 0 ? [] : [`${count} more in scope ${scope}`];
  });
  return counts.length === 0 ? undefined : counts.join(', ');
}

/** Whether suites or scenarios are selected by name, regardless of scope. */
export const isNamed = (configuration: Configuration): boolean =>
  ['suite', 'scenario'].some((option) => configuration.list(option).length > 0);

/** Throws `HarnessError` for unknown scopes, suites and scenarios, and for a scenario outside the profile. */
function checkNames({ scenarios, scopes }: Declared, configuration: Configuration): void {
  const scopeNames = [...selectableScopes(scopes), ALL_SCOPES];
  for (const name of configuration.list('scope'))
    if (!scopeNames.includes(name))
      throw new HarnessError('UNKNOWN_SCOPE', `Unknown scope "${name}": ${suggestion(name, scopeNames)}`);
  const suites = [...new Set(scenarios.map(({ suite }) => suite))];
  for (const name of configuration.list('suite'))
    if (!suites.includes(name))
      throw new HarnessError('UNKNOWN_SUITE', `Unknown suite "${name}": ${suggestion(name, suites)}`);
  const ids = scenarios.map(({ id }) => id);
  const wanted = configuration.list('scenario');
  for (const id of wanted)
    if (!ids.includes(id))
      throw new HarnessError('UNKNOWN_SCENARIO', `Unknown scenario "${id}": ${suggestion(id, ids)} (see --list)`);
  const isIn = inProfile(configuration);
  const outside = scenarios.find((scenario) => wanted.includes(scenario.id) && !isIn(scenario));
  if (outside === undefined) return;
  const other = outside.spec.profile === 'soak' ? 'soak' : 'full';
  throw new HarnessError(
    'NOTHING_SELECTED',
    `Scenario ${outside.id} is not in profile ${configuration.text('profile')}. Use --profile ${other}, or remove the scenario.`,
  );
}

/** Returns whether a scenario matches all selecting flags except `--scope`. */
function matcher(configuration: Configuration): (scenario: Scenario) => boolean {
  const [suites, ids] = [configuration.list('suite'), configuration.list('scenario')];
  const [grep, invert] = [expression(configuration.text('grep')), expression(configuration.text('grep-invert'))];
  const isIn = inProfile(configuration);
  return (scenario) =>
    isIn(scenario) &&
    (suites.length === 0 || suites.includes(scenario.suite)) &&
    (ids.length === 0 || ids.includes(scenario.id)) &&
    (grep === undefined || grep.test(searchText(scenario))) &&
    (invert === undefined || !invert.test(searchText(scenario)));
}

/** Returns whether the profile includes a scenario. Load scenarios also run if they or their suite are selected by name. */
function inProfile(configuration: Configuration): (scenario: Scenario) => boolean {
  const [suites, ids] = [configuration.list('suite'), configuration.list('scenario')];
  const profile = profileOf(configuration);
  return ({ id, suite, spec }) =>
    profile.includes(spec.profile) || (spec.profile === 'load' && (ids.includes(id) || suites.includes(suite)));
}

/** Returns the text that `--grep` searches: id, title, keywords, and descriptions of probes and steps. */
const searchText = ({ id, title, spec }: Scenario): string =>
  [
    `${id} ${title}`,
    ...(spec.keywords ?? []),
    ...spec.probes.map((step) => (step.kind === 'action' ? describeStep(step) : probeText(step))),
  ].join('\n');

const expression = (source: string | undefined): RegExp | undefined =>
  source === undefined ? undefined : new RegExp(source);

const profileOf = (configuration: Configuration): Profile & { readonly name: ProfileName } => {
  const name = configuration.text('profile') as ProfileName;
  return { name, ...PROFILES[name] };
};

/** Returns the profile of a run. `narrowed`: other flags restrict the selection, so the run does not represent the profile. */
export function chosenProfile(configuration: Configuration) {
  const { name, version } = profileOf(configuration);
  const scopes = scopesOf(configuration);
  const narrowed = isNarrowed(configuration) || configuration.flag('last-failed') || configuration.flag('watch');
  return { name, version, scopes, narrowed };
}

/** Whether flags about scenarios restrict the selection. */
export const isNarrowed = (configuration: Configuration): boolean =>
  isNamed(configuration) || ['grep', 'grep-invert'].some((option) => configuration.text(option) !== undefined);
