/** The view, or scenario and probe, of the address, with the filter of the list. */
export interface Route {
  readonly view: string;
  readonly scenario?: string;
  /** From 1. */
  readonly probe?: number;
  readonly filter: URLSearchParams;
}

/** `#timeline`, `#AB-05`, `#AB-05/2`, each with `?verdict=failed&q=tag`. Only ids of scenarios have capitals. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  const filter = new URLSearchParams(query);
  const [name = '', probe] = path.split('/');
  if (!/[A-Z]/.test(name)) return { view: name, filter };
  return { view: 'scenarios', scenario: name, filter, ...(Number(probe) >= 1 && { probe: Number(probe) }) };
}

/** The address of a view or scenario that keeps the filter. */
export function hrefOf(path: string, filter?: URLSearchParams): string {
  const query = filter?.toString() ?? '';
  return `#${path}${query === '' ? '' : `?${query}`}`;
}
