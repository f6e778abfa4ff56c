import { join } from 'node:path';
import { readSuites, type Suites } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { ROOT } from './run-cli.ts';

let loading: Promise<Suites> | undefined;

/** Returns the project's suites, which are loaded once per process. */
export const ownSuites = (): Promise<Suites> => (loading ??= readSuites(join(ROOT, 'suites'), []));

export const ownScenarios = async (): Promise<readonly Scenario[]> => (await ownSuites()).scenarios;
