import { join } from 'node:path';
import { readSuites, type Suites } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { ROOT } from './run-cli.ts';

// Top-level await makes mocha import the tests that use this file. With require, they would get another instance of the registry
// than the suites, which are imported.
const suites = await readSuites(join(ROOT, 'suites'), []);

/** Returns the project's suites, which are loaded once per process. */
export const ownSuites = (): Promise<Suites> => Promise.resolve(suites);

export const ownScenarios = (): Promise<readonly Scenario[]> => Promise.resolve(suites.scenarios);
