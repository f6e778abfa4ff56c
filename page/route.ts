import { useEffect, useState } from 'preact/hooks';

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
  const [name = '', probe] = decodeURIComponent(path).split('/');
  if (!/[A-Z]/.test(name)) return { view: name, filter };
  return { view: 'scenarios', scenario: name, filter, ...(Number(probe) >= 1 && { probe: Number(probe) }) };
}

/** The address of a view or scenario that keeps the filter. */
export function hrefOf(path: string, filter?: URLSearchParams): string {
  const query = filter?.toString() ?? '';
  return `#${path}${query === '' ? '' : `?${query}`}`;
}

/** The route, and a function that changes the filter without a step in the browser's history. */
export function useRoute(): [Route, (filter: URLSearchParams) => void] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const listen = (): void => setHash(location.hash);
    addEventListener('hashchange', listen);
    return () => removeEventListener('hashchange', listen);
  }, []);
  const setFilter = (filter: URLSearchParams): void => {
    const [path = ''] = location.hash.split('?');
    history.replaceState(null, '', hrefOf(path.slice(1) || 'scenarios', filter));
    setHash(location.hash);
  };
  return [routeOf(hash), setFilter];
}
