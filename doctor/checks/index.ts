import * as all from './all.ts';
import type { Check } from './check.ts';

/** All checks, by id. */
export const CHECKS: readonly Check[] = Object.values(all).toSorted((a, b) => a.id.localeCompare(b.id));
