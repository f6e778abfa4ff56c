import { grouped } from '../../foundation/node/grouped.ts';
import { sarif } from '../../foundation/node/sarif.ts';
import { counted, wrap, type Paint } from '../../foundation/node/text.ts';
import type { NewAccess, ReportedChange } from './report-schema.ts';

/** Groups of the text and of the comment. */
const MOST = 10;

const groupsOf = (changes: readonly ReportedChange[]) => [...grouped(changes, ({ subject }) => subject)];

const sourceOf = ({ policy, statement, sid, place }: ReportedChange): string =>
  `${policy}${statement === undefined ? '' : `, statement ${statement}${sid === undefined ? '' : ` "${sid}"`}`}${place ? ` (${place.file}:${place.line})` : ''}`;

function notesOf(change: ReportedChange): readonly string[] {
  const { path, probes, unless } = change;
  return [
    ...(path === undefined ? [] : [path]),
    sourceOf(change),
    ...(probes === undefined
      ? []
      : [probes.length === 0 ? 'no probe of the suites notices it' : `noticed by ${probes.join(', ')}`]),
    ...(unless === undefined ? [] : [`not in the files: ${unless.join(', ')}`]),
  ];
}

const closing = ({ compared, assumed, undecided }: NewAccess): readonly string[] => [
  `Compared ${counted(compared.roles, 'role')}, ${counted(compared.accounts, 'service account')} and ${counted(compared.policies, 'policy', 'policies')} of resources in ${counted(compared.files, 'file')}.${undecided.length === 0 ? '' : ' Not all was decided.'}`,
  `${assumed}, are assumed the same before and after.`,
];

const more = (count: number, noun: string): readonly string[] =>
  count > 0 ? [`… and ${counted(count, noun)} more (--format json)`] : [];

/** Returns the report for a terminal. */
export function newAccessText(report: NewAccess, paint: Paint, width: number | undefined): string {
  const { newlyAllowed, newlyDenied, accepted, undecided, warnings } = report;
  const section = (title: string, color: number, changes: readonly ReportedChange[]): string[] => {
    const groups = groupsOf(changes);
    return [
      paint(`${title}: ${changes.length}`, changes.length === 0 ? 0 : color),
      ...groups
        .slice(0, MOST)
        .flatMap(([subject, lines]) => [
          `  ${subject}`,
          ...lines
            .slice(0, MOST)
            .flatMap((one) => [
              wrap(`    ${one.request}`, width, 2),
              ...notesOf(one).map((note) => wrap(`      ${note}`, width, 2)),
            ]),
          ...more(lines.length - MOST, 'change').map((line) => `    ${line}`),
        ]),
      ...more(groups.length - MOST, 'group').map((line) => `  ${line}`),
    ];
  };
  return [
    ...(undecided.length === 0 ? [] : [paint(`Not decided, could be new: ${undecided.length}`, 33)]),
    ...undecided.slice(0, MOST).map(({ subject, reason }) => wrap(`  ${subject}: ${reason}`, width, 2)),
    ...more(undecided.length - MOST, 'part').map((line) => `  ${line}`),
    ...section('Newly allowed', 31, newlyAllowed),
    ...(accepted.length === 0 ? [] : section('Newly allowed, accepted', 33, accepted)),
    ...section('Newly denied', 0, newlyDenied),
    ...warnings.map((line) => wrap(line, width)),
    ...closing(report).map((line) => wrap(line, width)),
    '',
  ].join('\n');
}

const code = (text: string): string => `\`${text.replaceAll('`', "'").replaceAll('\n', ' ')}\``;
const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;').replaceAll('@', '&#64;');

/** Returns the report as the comment of a pull request, in GitHub Flavored Markdown. */
export function newAccessMarkdown(report: NewAccess): string {
  const { newlyAllowed, newlyDenied, accepted, undecided, warnings } = report;
  const table = (title: string, changes: readonly ReportedChange[]): string[] => {
    const groups = groupsOf(changes);
    const rows = groups.slice(0, MOST).flatMap(([, lines]) => lines.slice(0, MOST));
    if (changes.length === 0) return [];
    return [
      ...[`### ${title}: ${changes.length}`, '', '| who | request | by |', '| --- | --- | --- |'],
      ...rows.map((one) => `| ${cell(one.subject)} | ${cell(one.request)} | ${notesOf(one).map(cell).join('<br>')} |`),
      ...(rows.length < changes.length ? ['', `… and ${changes.length - rows.length} more.`] : []),
      '',
    ];
  };
  const verdict =
    newlyAllowed.length > 0 ? 'New access' : undecided.length > 0 ? 'Possibly new access' : 'No new access';
  return [
    ...[`## ${verdict}`, ''],
    ...undecided.slice(0, MOST).map(({ subject, reason }) => `- Not decided: ${code(subject)}: ${cell(reason)}`),
    ...more(undecided.length - MOST, 'part').map((line) => `- ${line}`),
    ...(undecided.length > 0 ? [''] : []),
    ...table('Newly allowed', newlyAllowed),
    ...table('Newly allowed, accepted', accepted),
    ...table('Newly denied', newlyDenied),
    ...warnings.map((line) => `- ${cell(line)}`),
    ...closing(report),
    '',
  ].join('\n');
}

/** Returns the report in SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for code scanning. */
export function newAccessSarif({ newlyAllowed, undecided }: NewAccess, version: string): object {
  const rule = {
    id: 'new-access',
    shortDescription: { text: 'A change newly allows a request' },
    properties: { tags: ['security', 'aws-iam'] },
  };
  return sarif({
    command: 'no-new-access',
    version,
    rules: [rule],
    notifications: undecided.map(({ subject, reason }) => ({
      message: { text: `Not decided, could be new: ${subject}: ${reason}` },
    })),
    results: newlyAllowed.map((one) => ({
      ...{ ruleId: 'new-access', ruleIndex: 0, level: 'error' },
      message: { text: [one.request, ...notesOf(one)].join('. ') },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: (one.place?.file ?? one.policy).split('/').map(encodeURIComponent).join('/') },
            region: { startLine: one.place?.line ?? 1 },
          },
          logicalLocations: [{ name: one.subject, fullyQualifiedName: `${one.subject}/${one.policy}` }],
        },
      ],
      partialFingerprints: {
        'newAccess/v1': [one.subject, one.policy, one.sid ?? one.statement, one.action].join(' '),
      },
    })),
  });
}
