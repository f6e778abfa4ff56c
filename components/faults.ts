import { UsageError } from './go/flags.ts';

/**
 * Those of a component's faults, which all begin with its name, that a comma list has. Names of others' faults are passed over,
 * since the whole list of a run is given to every program.
 *
 * @throws UsageError for a fault of the component that it does not have
 */
export function faultsOf<Fault extends string>(all: readonly Fault[], list: string): ReadonlySet<Fault> {
  const asked = list.split(',').map((name) => name.trim());
  const component = all[0]?.replace(/-.*/, '-') ?? '';
  const unknown = asked.find((name) => name.startsWith(component) && !all.some((fault) => fault === name));
  if (unknown !== undefined)
    throw new UsageError(`unknown fault ${JSON.stringify(unknown)} in CONFORMANCE_FAULTS: use ${all.join(', ')}`);
  return new Set(all.filter((fault) => asked.includes(fault)));
}
