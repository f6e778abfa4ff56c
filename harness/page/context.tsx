import { createContext } from 'preact';

/** What runs a scenario once more, without its id. */
export const Again = createContext('');

/** Changes what the list is filtered by. */
export const SetFilter = createContext<(filter: URLSearchParams) => void>(() => undefined);
