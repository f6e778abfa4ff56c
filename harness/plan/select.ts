import type { Configuration } from '../config/configuration.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { PROFILES, type Profile, type ProfileName } from '../scenario/profiles.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Suites } from '../scenario-files/read-suites.ts';
import { describeStep } from '../scenario/describe.ts';
import type { Scenario } from '../scenario/spec.ts';
import { probeText } from './probe-text.ts';
import { ALL_SCOPES, isInScope, scopesOf, selectableScopes } from './scopes.ts';

type Declared = Pick<Suites, 'scenarios' | 'renamedSuites' | 'scopes'>;

/** The scenarios that the configuration selects, in the order they were declared. Throws for names that do not exist. */
export function select(declared: Declared, configuration: Configuration): readonly Scenario[] {
  checkNames(declared, configuration);
  const matching = declared.scenarios.filter(matcher(configuration));
  const scopes = scopesOf(configuration);
  // A suite or scenario that is named runs whatever its scope.
  const selected = isNamed(configuration) ? matching : matching.filter((scenario) => isInScope(scenario, scopes));
  if (selected.length === 0 && !configuration.flag('pass-with-no-scenarios')) {
    const more = moreInScopes(declared, configuration);
    throw new HarnessError(
      'NOTHING_SELECTED',
      `No scenario is selected${more === undefined ? '' : ` (${more})`}: loosen --scope, --profile, --suite, --scenario, --grep or --grep-invert, or say --pass-with-no-scenarios.`,
    );
  }
  return selected;
}

/** How many scenarios `--grep` finds in scopes that the run does not have, such as `3 more in scope aws`; undefined where there are none. */
export function moreInScopes({ scenarios, scopes }: Declared, configuration: Configuration): string | undefined {
  if (configuration.text('grep') === undefined || isNamed(configuration)) return undefined;
  const own = scopesOf(configuration);
  const others = scenarios.filter(matcher(configuration)).filter((scenario) => !isInScope(scenario, own));
  const counts = Object.keys(scopes).flatMap((scope) => {
    const count = others.filter((scenario) => scenario.scope === scope).length;
    return count === 0 ? [] : [`${count} more in scope ${scope}`];
  });
  return counts.length === 0 ? undefined : counts.join(', ');
}

/** Whether suites or scenarios are selected by name, whatever their scope. */
export const isNamed = (configuration: Configuration): boolean =>
  ['suite', 'scenario'].some((option) => configuration.list(option).length > 0);

/** Throws `HarnessError` for scopes, suites and scenarios that do not exist, and for a scenario that the profile leaves out. */
function checkNames({ scenarios, renamedSuites, scopes }: Declared, configuration: Configuration): void {
  const known = [...selectableScopes(scopes), ALL_SCOPES];
  for (const name of configuration.list('scope'))
    if (!known.includes(name))
      throw new HarnessError('UNKNOWN_SCOPE', `Unknown scope "${name}": ${suggestion(name, known)}`);
  const suites = [...new Set(scenarios.map(({ suite }) => suite))];
  for (const name of configuration.list('suite'))
    if (!suites.includes(name))
      throw new HarnessError(
        'UNKNOWN_SUITE',
        renamed(name, renamedSuites[name]) ?? `Unknown suite "${name}": ${suggestion(name, suites)}`,
      );
  const ids = scenarios.map(({ id }) => id);
  const wanted = configuration.list('scenario');
  for (const id of wanted)
    if (!ids.includes(id))
      throw new HarnessError(
        'UNKNOWN_SCENARIO',
        `Unknown scenario "${id}": ${suggestion(id, ids)} (--list lists them)`,
      );
  const isIn = inProfile(configuration);
  const outside = scenarios.find((scenario) => wanted.includes(scenario.id) && !isIn(scenario));
  if (outside === undefined) return;
  const other = outside.spec.profile === 'soak' ? 'soak' : 'full';
  throw new HarnessError(
    'NOTHING_SELECTED',
    `Scenario ${outside.id} is not in profile ${configuration.text('profile')}: add --profile ${other}, or leave the scenario out.`,
  );
}

/** Whether a scenario meets all flags that select, but for its scope. */
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

/** Whether the profile has a scenario. A scenario that makes load also runs where it or its suite is named. */
function inProfile(configuration: Configuration): (scenario: Scenario) => boolean {
  const [suites, ids] = [configuration.list('suite'), configuration.list('scenario')];
  const profile = profileOf(configuration);
  return ({ id, suite, spec }) =>
    profile.includes(spec.profile) || (spec.profile === 'load' && (ids.includes(id) || suites.includes(suite)));
}

/** What `--grep` searches: id, title, keywords, and the probes and steps in words. */
const searchText = ({ id, title, spec }: Scenario): string =>
  [
    `${id} ${title}`,
    ...(spec.keywords ?? []),
    ...spec.probes.map((step) => (step.kind === 'action' ? describeStep(step) : probeText(step))),
  ].join('\n');

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
  const scopes = scopesOf(configuration);
  const narrowed = isNarrowed(configuration) || configuration.flag('last-failed') || configuration.flag('watch');
  return { name, version, scopes, narrowed };
}

/** Whether flags that name scenarios narrow the choice. */
export const isNarrowed = (configuration: Configuration): boolean =>
  isNamed(configuration) || ['grep', 'grep-invert'].some((option) => configuration.text(option) !== undefined);
