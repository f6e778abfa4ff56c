import { someOf } from '../checks/cases.ts';
import { SEVERITIES, type Severity } from '../checks/check.ts';
import { isCommand } from '../checks/commands.ts';
import type { DoctorReport, Finding, NotChecked } from '../judge/report-schema.ts';
import { objectText } from '../snapshot/object-name.ts';
import { grouped } from '../../foundation/node/grouped.ts';
import { counted, wrap, type Paint } from '../../foundation/node/text.ts';
import { diffOf } from './policy-diff.ts';
import { countsText, INVISIBLE, isNew } from './report.ts';

const TITLES: Readonly<Record<Severity, readonly [string, number]>> = {
  error: ['Errors', 31],
  warning: ['Warnings', 33],
  info: ['Worth knowing', 36],
};
const NAMED_PODS = 3;
/** The place of findings that may be about the whole cluster, which come first. */
const NO_NAMESPACE = 'not in a namespace';

/** Returns the report for a terminal of `width` columns, by severity, namespace and object. */
export function terminalText(report: DoctorReport, paint: Paint, width: number | undefined): string {
  const lines = [
    ...report.clusters.map(
      ({ context, arn, kubernetes, pods, associations }) =>
        `Cluster ${context}${arn === undefined ? '' : ` (${arn})`}${kubernetes === undefined ? '' : `, Kubernetes ${kubernetes}`}: ${countedOrUnread(pods, 'pod')}, ${countedOrUnread(associations, 'association')}`,
    ),
    '',
    ...notCheckedLines(report.notChecked, paint),
    ...SEVERITIES.flatMap((severity) => severityLines(severity, report, paint)),
    ...report.suppressed.map(
      ({ check, object, until, reason }) => `Suppressed until ${until}: ${check} ${objectText(object)} (${reason})`,
    ),
    ...report.warnings,
    ...sinceLines(report),
    INVISIBLE,
    summary(report),
  ];
  // A command must be pasted as it is.
  return `${lines.map((line) => (isCommand(line) ? line : wrap(line, width, 2))).join('\n')}\n`;
}

function severityLines(severity: Severity, report: DoctorReport, paint: Paint): readonly string[] {
  const { findings, clusters, since } = report;
  const listed = findings.filter((finding) => finding.severity === severity);
  if (listed.length === 0) return [];
  const [title, color] = TITLES[severity];
  const places = grouped(listed, ({ cluster, object }) =>
    [...(clusters.length > 1 ? [cluster] : []), object.namespace ?? NO_NAMESPACE].join(': '),
  );
  return [
    paint(`${title} (${listed.length})`, color),
    ...[...places]
      .sort(([a], [b]) => Number(b.endsWith(NO_NAMESPACE)) - Number(a.endsWith(NO_NAMESPACE)) || a.localeCompare(b))
      .flatMap(([place, group]) => [
        `  ${place}`,
        ...group.flatMap((finding) => findingLines(finding, paint, since && isNew(report, finding) ? ', new' : '')),
      ]),
    '',
  ];
}

function findingLines(finding: Finding, paint: Paint, mark: string): readonly string[] {
  const { check, title, object, text, repair, fix, change, pods } = finding;
  const { kind, name } = object;
  return [
    `    ${paint(`${check} ${kind} ${name}`, 1)}${kind === 'Pod' ? '' : podsText(pods)}${mark}`,
    `      ${title}: ${text}`,
    ...(change ? [`      Change of the ${change.policy}:`, ...diffOf(change).map((line) => `        ${line}`)] : []),
    `      Fix: ${isCommand(repair) ? (fix ?? 'Run this command.') : repair}`,
    ...(isCommand(repair) ? [repair] : []),
  ];
}

function sinceLines({ since }: DoctorReport): readonly string[] {
  if (since === undefined) return [];
  const named = ({ check, object }: Finding): string => `${check} ${objectText(object)}`;
  return [
    ...since.gone.map((finding) => `Gone: ${named(finding)}`),
    ...since.notChecked.map((finding) => `Not checked this time: ${named(finding)}`),
    `Since the older report: ${since.new.length} new, ${since.unchanged.length} unchanged, ${since.gone.length} gone.`,
  ];
}

function podsText(pods: readonly string[]): string {
  if (pods.length === 0) return '';
  const named = pods.slice(0, NAMED_PODS).join(', ');
  return ` (${counted(pods.length, 'pod')}: ${named}${pods.length > NAMED_PODS ? ', ...' : ''})`;
}

/** Lists rights that are missing, with the checks that need them. */
export function notCheckedLines(notChecked: readonly NotChecked[], paint: Paint): readonly string[] {
  if (notChecked.length === 0) return [];
  const byRight = grouped(notChecked, ({ cluster, missing, reason }) => JSON.stringify([cluster, missing, reason]));
  return [
    paint(`Not checked, or not for all objects (${checkCount(notChecked)})`, 35),
    ...[...byRight.values()].map((all) => {
      const [{ missing, reason } = { missing: '', reason: '' }] = all;
      const objects = [...new Set(all.flatMap((one) => one.objects.map(objectText)))];
      const about = objects.length === 0 ? '' : ` for ${someOf(objects)}`;
      return `  ${missing} (${reason})${about}: ${[...new Set(all.map(({ check }) => check))].join(', ')}`;
    }),
    '',
  ];
}

/** Returns the last line, which also says in words that nothing was found. */
function summary(report: DoctorReport): string {
  const { findings, suppressed, passed, notChecked } = report;
  const all = checkCount([...findings, ...suppressed, ...passed, ...notChecked]);
  const made = all - checkCount(notChecked);
  if (findings.length === 0 && made < all) return `Nothing found in what could be read: ${made} of ${all} checks.`;
  const conclusion = findings.length === 0 ? 'No problem found' : countsText(report);
  return `${conclusion}. ${made} of ${counted(all, 'check')} could be made.`;
}

/** Counts a check once for each cluster. */
const checkCount = (all: readonly { readonly check: string; readonly cluster: string }[]): number =>
  new Set(all.map(({ check, cluster }) => `${check} ${cluster}`)).size;

const countedOrUnread = (count: number | undefined, noun: string): string =>
  count === undefined ? `${noun}s not read` : counted(count, noun);
