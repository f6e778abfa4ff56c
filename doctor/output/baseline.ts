import { commandLine } from '../../foundation/node/command-line.ts';
import { readValidJson } from '../../foundation/node/validate.ts';
import { reportSchema, type DoctorReport, type Finding } from '../judge/report-schema.ts';
import { objectText } from '../snapshot/object-name.ts';

/** Reads a report of `--format json`. Throws `HarnessError` BAD_FILE. */
export function readBaseline(file: string): DoctorReport {
  const make = `Make one with ${commandLine('doctor', '--format json')}.`;
  const say = (problem: string): string => `${file} is not a report of doctor: ${problem}. ${make}`;
  return readValidJson(reportSchema, file, 'The report', say);
}

/** Adds the comparison with an older report. Only checks in `made` were made this time. */
export function compared(report: DoctorReport, before: DoctorReport, made: readonly string[]): DoctorReport {
  const knownFingerprints = new Set(before.findings.map(({ fingerprint }) => fingerprint));
  const now = [...report.findings, ...report.suppressed];
  const present = new Set(now.map(({ fingerprint }) => fingerprint));
  const missing = before.findings.filter(({ fingerprint }) => !present.has(fingerprint));
  const isJudged = (finding: Finding): boolean => made.includes(finding.check) && isJudgedIn(report, before, finding);
  const findings = report.findings.map(({ fingerprint }) => fingerprint);
  return {
    ...report,
    since: {
      new: [...new Set(findings.filter((one) => !knownFingerprints.has(one)))],
      unchanged: [...new Set(findings.filter((one) => knownFingerprints.has(one)))],
      gone: missing.filter(isJudged),
      notChecked: missing.filter((finding) => !isJudged(finding)),
    },
  };
}

function isJudgedIn(report: DoctorReport, before: DoctorReport, { check, cluster, object }: Finding): boolean {
  const arn = before.clusters.find(({ context }) => context === cluster)?.arn;
  const same = report.clusters.find((one) => one.context === cluster || (arn !== undefined && one.arn === arn));
  return (
    same !== undefined &&
    !report.notChecked.some(
      (one) =>
        one.check === check &&
        one.cluster === same.context &&
        (one.objects.length === 0 || one.objects.some((other) => objectText(other) === objectText(object))),
    )
  );
}
