import { EXIT } from '../../foundation/node/errors.ts';
import type { RepairPlan } from '../../doctor/plan/plan.ts';
import type { Command } from './command.ts';
import { diagnosed, diagnosisOptions } from './diagnosis.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';

const FORMATS: Formats<RepairPlan> = {
  terminal: async (plan, { paint, width }) => (await import('../../doctor/plan/text.ts')).planText(plan, paint, width),
  json,
};

export const DOCTOR_PLAN: Command = {
  name: 'doctor plan',
  summary: 'print one ordered list of repairs for all findings',
  about: `Read a cluster and its AWS account, and print the repairs of all findings as one list in order, each command once. It changes
nothing.`,
  options: [...diagnosisOptions(), formatOption(FORMATS), NO_COLOR],
  remarks: `Exit codes: 0 planned; 2 wrong usage, or an unusable cluster, file or credentials; 3 something was not read, so that steps
may be missing; 130 interrupted, after a plan for the parts that were read.`,
  async run(given, io) {
    const { report, isIncomplete, isAborted } = await diagnosed(given, io);
    const { planOf } = await import('../../doctor/plan/plan.ts');
    await print(planOf(report), FORMATS, given, io);
    if (isAborted) return EXIT.interrupted;
    return isIncomplete ? EXIT.environment : EXIT.conforms;
  },
};
