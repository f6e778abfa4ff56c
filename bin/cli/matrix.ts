import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { option } from '../../foundation/node/options.ts';
import type * as page from '../../scripts/matrix.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';
import { say } from './scenarios.ts';

export const MATRIX: Command = {
  name: 'matrix',
  summary: 'counts which pairs of what decides about access scenarios assert',
  about:
    'Places scenarios on the axes of an access decision (credentials, association, trust, tag, operator, policy, action, cluster, account, namespace) and counts the pairs of values: asserted, skipped on this cluster, impossible, or open.',
  options: [
    option.choice(
      'cluster',
      CLUSTER_TYPES.map(({ name }) => name),
      'where scenarios are to run: those that need more count as skipped',
      { default: 'embedded' },
    ),
    option.list('suites-dir DIR', 'further suites (repeat, or a comma list)'),
    option.text('json FILE', 'write every pair as JSON: its state, the scenarios that assert it, or why none does'),
    option.flag('write', 'write docs/matrix.md anew, in a clone of the project'),
  ],
  remarks: 'Exit codes: 0 counted; 2 wrong usage.',
  async run({ text, list, flag }, io) {
    const [{ configure }, { capabilitiesBefore }, { loadScenarios }, { decisionMatrix, matrixText }] =
      await Promise.all([
        import('../../harness/config/configuration.ts'),
        import('../../harness/engine/platform.ts'),
        import('../../harness/scenario-files/read-suites.ts'),
        import('../../harness/matrix/matrix.ts'),
      ]);
    const { scenarios } = await loadScenarios(join(io.code, 'suites'), list('suites-dir'));
    const configuration = configure(['--cluster', text('cluster') ?? 'embedded'], {});
    const matrix = decisionMatrix(scenarios, capabilitiesBefore(configuration));
    const json = text('json');
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(matrix, null, 2)}\n`);
    if (flag('write')) {
      const { matrixPage } = await fromSource<typeof page>('scripts/matrix.ts', io);
      writeFileSync(join(io.root, 'docs', 'matrix.md'), await matrixPage(io.root, matrix));
    }
    return say(io, matrixText(matrix));
  },
};
