import type { Configuration } from './configuration.ts';

/** Returns the flags that the runner of `--in-cluster` gets: effective options of the run that the installing process does not use. */
export function flagsOfRunner(configuration: Configuration, withEmulator: boolean): readonly string[] {
  return configuration.options.flatMap(({ name, clusters, outside }) => {
    const { value, origin } = configuration.values.get(name) ?? { value: undefined, origin: 'default' };
    const isOutside = outside === true || (withEmulator && outside === 'with-emulator');
    if (isOutside || origin === 'default' || value === undefined || clusters?.includes('eks') === false) return [];
    return [`--${name}=${String(value)}`];
  });
}
