import { createContext } from 'preact';

/** Command that repeats a scenario, without its id. */
export const Again = createContext('');

export const SetFilter = createContext<(filter: URLSearchParams) => void>(() => undefined);
