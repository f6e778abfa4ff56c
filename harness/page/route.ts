/** What the address shows: a view, or a scenario and perhaps a probe of it; and what the list is filtered by. */
export interface Route {
  /** Id of a view; empty: the first. */
  readonly view: string;
  readonly scenario?: string;
  /** From 1. */
  readonly probe?: number;
  readonly filter: URLSearchParams;
}

/** `#timeline`, `#AB-05`, `#AB-05/2`, each with `?verdict=failed&q=tag`. Ids of scenarios have capitals, those of views none. */
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
