import type { Configuration } from '../config/configuration.ts';
import type { Scenario } from '../scenario/spec.ts';

/** The scopes of a run without `--scope`. */
export const DEFAULT_SCOPES: readonly string[] = ['identity', 'agent', 'webhook'];

/** Selects every scope. */
export const ALL_SCOPES = 'all';

/** The scope that a profile selects, but not `--scope`. */
const PROFILE_SCOPE = 'load';

/** Names of the scopes that `--scope` accepts, besides `all`. */
export const selectableScopes = (scopes: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(scopes).filter((name) => name !== PROFILE_SCOPE);

/**
 * Returns the scopes of a run: those of `--scope`, or the defaults. The defaults include `client` if a client is
 * selected, and `aws` with `--aws-endpoint`. `--last-failed` searches every scope.
 */
export function scopesOf(configuration: Configuration): readonly string[] {
  const given = [...new Set(configuration.list('scope'))];
  if (given.includes(ALL_SCOPES) || (given.length === 0 && configuration.flag('last-failed'))) return [ALL_SCOPES];
  if (given.length > 0) return given;
  const hasClient =
    configuration.list('client').length > 0 ||
    // Not every type of cluster has these options.
    ['client-command', 'client-image'].some((name) => typeof configuration.values.get(name)?.value === 'string');
  return [
    ...DEFAULT_SCOPES,
    ...(hasClient ? ['client'] : []),
    ...(configuration.list('aws-endpoint').length > 0 ? ['aws'] : []),
  ];
}

/** Whether a scenario is in one of these scopes. Users' suites, and the scope that only a profile selects, always are. */
export const isInScope = ({ scope }: Pick<Scenario, 'scope'>, scopes: readonly string[]): boolean =>
  scope === undefined || scope === PROFILE_SCOPE || scopes.includes(ALL_SCOPES) || scopes.includes(scope);
