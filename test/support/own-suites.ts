import { join } from 'node:path';
import { loadScenarios } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { ROOT } from './run-cli.ts';

let loading: Promise<readonly Scenario[]> | undefined;

/** The scenarios of the project. They declare themselves when they are loaded, so a process can load them but once. */
export const ownScenarios = (): Promise<readonly Scenario[]> =>
  (loading ??= loadScenarios(join(ROOT, 'suites'), []).then(({ scenarios }) => scenarios));
