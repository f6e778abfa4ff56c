import { join } from 'node:path';
import { readSuites, type Suites } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { ROOT } from './run-cli.ts';

let loading: Promise<Suites> | undefined;

/** The suites of the project, loaded once in a process. */
export const ownSuites = (): Promise<Suites> => (loading ??= readSuites(join(ROOT, 'suites'), []));

export const ownScenarios = async (): Promise<readonly Scenario[]> => (await ownSuites()).scenarios;
