/** The parts of an address: a view, or a scenario and probe, and the filter of the list. */
export interface Route {
  readonly view: string;
  readonly scenario?: string;
  /** From 1. */
  readonly probe?: number;
  readonly filter: URLSearchParams;
}

/** Parses `#timeline`, `#AB-05` or `#AB-05/2`, each with `?verdict=failed&q=tag`. Only scenario ids have capital letters. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  const filter = new URLSearchParams(query);
  const [name = '', probe] = path.split('/');
  if (!/[A-Z]/.test(name)) return { view: name, filter };
  return { view: 'scenarios', scenario: name, filter, ...(Number(probe) >= 1 && { probe: Number(probe) }) };
}

/** Returns the address of a view or scenario with the filter. */
export function hrefOf(path: string, filter?: URLSearchParams): string {
  const query = filter?.toString() ?? '';
  return `#${path}${query === '' ? '' : `?${query}`}`;
}
