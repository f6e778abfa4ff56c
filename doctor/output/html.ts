import { createHash } from 'node:crypto';
import { SEVERITIES } from '../checks/check.ts';
import { isCommand } from '../checks/commands.ts';
import type { DoctorReport, Finding, InventoryRow, NotChecked } from '../judge/report-schema.ts';
import { objectText } from '../snapshot/object-name.ts';
import { countsText, INVISIBLE, isNew } from './report.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --error: #c62828; --warning: #b26a00; --info: #1565c0; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
input { font: inherit; width: min(30rem, 100%); padding: .4rem .6rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
td:nth-child(2) { min-width: 12rem; }
code { font-size: .9em; }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.error, .warning, .info { font-weight: 600; }
`;
/** Shows only rows that contain every word of the search field. */
const SCRIPT = `
document.querySelector('input').addEventListener('input', ({ target }) => {
  const words = target.value.toLowerCase().split(/\\s+/);
  for (const row of document.querySelectorAll('tbody tr'))
    row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
});
`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Returns the report as one HTML file that loads nothing else. */
export function htmlPage(report: DoctorReport): string {
  const { clusters, findings, notChecked, suppressed, inventory, since } = report;
  const title = `Pod identities of ${clusters.map(({ context }) => context).join(', ')}`;
  const policy = `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const bySeverity = SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  const counts = countsText(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${clusters.map(({ context, arn, kubernetes, takenAt, pods }) => `<p>${escaped([context, arn, kubernetes && `Kubernetes ${kubernetes}`, pods === undefined ? 'pods not read' : `${pods} pods`, `read ${takenAt}`].filter(Boolean).join(' · '))}</p>`).join('\n')}
<p><label>Search <input type="search" autofocus></label></p>
${notChecked.length === 0 ? '' : `<h2>Not checked</h2>\n${table(['Check', 'Missing right', 'Objects'], notChecked.map(notCheckedCells))}`}
<h2>Findings: ${findings.length > 0 ? counts : notChecked.length > 0 ? 'none in what could be read' : 'none'}</h2>
${table(
  ['Check', 'Object', 'Finding', 'Fix'],
  bySeverity.map((finding) => findingCells(finding, since && isNew(report, finding) ? ' new' : '')),
)}
<h2>Identities</h2>
${table(['Namespace', 'Service account', 'Mechanism', 'Role', 'Pods', 'Containers'], inventory.map(inventoryCells))}
${
  suppressed.length === 0
    ? ''
    : `<h2>Suppressed</h2>\n${table(
        ['Check', 'Object', 'Until', 'Reason'],
        suppressed.map(({ check, object, until, reason }) => [check, objectText(object), until, reason].map(escaped)),
      )}`
}
<p>${escaped(INVISIBLE)}</p>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0
    ? ''
    : `<table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead><tbody>
${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}
</tbody></table>`;

const findingCells = (
  { check, severity, title, object, text, repair, pods }: Finding,
  mark: string,
): readonly string[] => [
  `<span class="${severity}">${severity}</span> ${check}${mark}`,
  escaped(
    [objectText(object), ...(pods.length === 0 || object.kind === 'Pod' ? [] : [`(${pods.join(', ')})`])].join(' '),
  ),
  `${escaped(title)}: ${escaped(text)}`,
  isCommand(repair) ? `<code>${escaped(repair)}</code>` : escaped(repair),
];

const inventoryCells = ({
  namespace,
  serviceAccount,
  mechanism,
  roleArn,
  reason,
  pods,
  containers = [],
  note,
}: InventoryRow) =>
  [
    ...[namespace, serviceAccount, mechanism, roleArn ?? reason ?? '', pods.join(', ')],
    `${containers.join(', ')}${note === undefined ? '' : `. ${note}`}`,
  ].map(escaped);

const notCheckedCells = ({ check, title, missing, reason, objects }: NotChecked): readonly string[] =>
  [`${check} ${title}`, `${missing} (${reason})`, objects.map(objectText).join(', ') || 'all'].map(escaped);
