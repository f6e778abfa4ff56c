import { createContext } from 'preact';

/** Changes what the list is filtered by. */
export const SetFilter = createContext<(filter: URLSearchParams) => void>(() => undefined);
