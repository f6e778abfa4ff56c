import { join } from 'node:path';
import { loadScenarios, type Loaded } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { ROOT } from './run-cli.ts';

let loading: Promise<Loaded> | undefined;

/** The suites of the project, loaded once in a process. */
export const ownSuites = (): Promise<Loaded> => (loading ??= loadScenarios(join(ROOT, 'suites'), []));

export const ownScenarios = async (): Promise<readonly Scenario[]> => (await ownSuites()).scenarios;
