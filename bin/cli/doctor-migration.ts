import { EXIT } from '../../foundation/node/errors.ts';
import type { MigrationPlan } from '../../doctor/migration/plan.ts';
import type { Command } from './command.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';
import { readClusters, readingOptions } from './live-cluster.ts';

const FORMATS: Formats<MigrationPlan> = {
  terminal: async (plan, { paint, width }) =>
    (await import('../../doctor/migration/text.ts')).migrationText(plan, paint, width),
  json,
};

export const DOCTOR_MIGRATION: Command = {
  name: 'doctor migration',
  summary: 'plan the change of service accounts from IRSA to Pod Identity',
  about: `Read a cluster and its AWS account, and plan the change of service accounts from IRSA to Pod Identity, with commands and their
undo. It changes nothing.`,
  options: [...readingOptions(), formatOption(FORMATS), NO_COLOR],
  remarks: `Exit codes: 0 planned; 2 wrong usage, or an unusable cluster, file or credentials; 3 pods, service accounts or associations
were not read; 130 interrupted, after a plan for the parts that were read.`,
  async run(given, io) {
    const { snapshot, signal } = await readClusters(given, io);
    const { planOf } = await import('../../doctor/migration/plan.ts');
    const plan = planOf(snapshot);
    await print(plan, FORMATS, given, io);
    if (signal?.aborted) return EXIT.interrupted;
    return plan.isComplete ? EXIT.conforms : EXIT.environment;
  },
};
