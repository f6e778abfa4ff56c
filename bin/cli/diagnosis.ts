import { commandLine } from '../../foundation/node/command-line.ts';
import { badFlagValue } from '../../foundation/node/errors.ts';
import type { Io } from '../../foundation/node/io.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { option, type OptionSpec } from '../../foundation/node/options.ts';
import type { Check } from '../../doctor/checks/check.ts';
import type { DoctorReport } from '../../doctor/judge/report-schema.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import { readClusters, readingOptions } from './live-cluster.ts';

/** Returns the options of commands that judge clusters by all checks. */
export const diagnosisOptions = (): readonly OptionSpec[] => [
  ...readingOptions(),
  option.list('check ID', 'make only this check, and fail if it cannot be made (repeatable, or comma-separated)'),
  option.text('suppress FILE', 'accept the findings that this file lists with a reason and an end date'),
  option.text('repairs DIR', 'write the policies and patches of the commands into files of this folder'),
];

export interface GivenDiagnosis {
  readonly report: DoctorReport;
  readonly ids: readonly Check['id'][];
  /** Whether something could not be read, although a right would allow it, or a check of --check was not made. */
  readonly isIncomplete: boolean;
  readonly isAborted: boolean;
}

/** Reads clusters and makes the checks. Throws `HarnessError` and `ClusterError`. */
export async function diagnosed(given: GivenOptions, io: Io): Promise<GivenDiagnosis> {
  const { CHECKS } = await import('../../doctor/checks/index.ts');
  const checks = chosen(CHECKS, given.list('check'));
  const { snapshot, signal } = await readClusters(given, io);
  const [{ isUnread, judge }, { readSuppressions, suppress }, { reportOf }, { withRepairFiles }] = await Promise.all([
    import('../../doctor/judge/judge.ts'),
    import('../../doctor/judge/suppressions.ts'),
    import('../../doctor/output/report.ts'),
    import('../../doctor/plan/repair-files.ts'),
  ]);
  const ids = checks.map(({ id }) => id);
  const [file, folder] = [given.text('suppress'), given.text('repairs')];
  const suppressions = file === undefined ? [] : readSuppressions(file, ids);
  const judged = suppress(judge(snapshot, checks), suppressions, new Date().toISOString().slice(0, 10));
  const findings = folder === undefined ? judged.findings : withRepairFiles(judged.findings, folder);
  const isStrict = given.list('check').length > 0;
  return {
    report: reportOf(snapshot, { ...judged, findings }),
    ids,
    isIncomplete: judged.notChecked.some((one) => isStrict || isUnread(one)),
    isAborted: signal?.aborted === true,
  };
}

/** Returns the checks of these ids, or all. Throws `HarnessError` BAD_FLAG_VALUE. */
export function chosen(checks: readonly Check[], ids: readonly string[]): readonly Check[] {
  const all = checks.map(({ id }) => id as string);
  const unknown = ids.find((id) => !all.includes(id));
  if (unknown !== undefined)
    throw badFlagValue(
      `Unknown check "${unknown}": ${suggestion(unknown, all, undefined, `see \`${commandLine('doctor', '--list')}\``)}`,
    );
  return ids.length === 0 ? checks : checks.filter(({ id }) => ids.includes(id));
}
