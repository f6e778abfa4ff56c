import { counted, wrap, type Paint } from '../../foundation/node/text.ts';
import type { Step } from './effects.ts';
import type { MigrationPlan, PlannedAccount } from './plan.ts';

/** AWS documents a minimum for each SDK (docs/clients.md, docs/migration.md). */
const CHECK_SDK =
  'Tags of other images do not show their AWS SDK: compare it with the minimum versions in docs/migration.md.';
const HEADS = [
  'cluster',
  'namespace',
  'service account',
  'mechanism',
  'role',
  'target role',
  'pods',
  'state',
  'blockers',
];

const cellsOf = (account: PlannedAccount): readonly string[] => {
  const {
    cluster,
    namespace,
    serviceAccount,
    mechanism,
    roleArn = '',
    targetRoleArn = '',
    pods,
    state,
    blockers,
  } = account;
  return [
    cluster,
    namespace,
    serviceAccount,
    mechanism,
    roleArn,
    targetRoleArn,
    String(pods.length),
    state,
    blockers.join(' '),
  ];
};

/** Returns a row for each service account (RFC 4180). Spreadsheets must not take a cell for a formula. */
export const migrationCsv = ({ serviceAccounts }: MigrationPlan): string =>
  [HEADS, ...serviceAccounts.map(cellsOf)]
    .map((cells) => cells.map((cell) => `"${cell.replace(/^[=+@-]/, "'$&").replaceAll('"', '""')}"`).join(','))
    .join('\r\n')
    .concat('\r\n');

export function migrationMarkdown(plan: MigrationPlan): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[
    `# From IRSA to Pod Identity: ${plan.clusters.map(({ context }) => context).join(', ')}`,
    [row(HEADS), row(HEADS.map(() => '---')), ...plan.serviceAccounts.map((one) => row(cellsOf(one)))].join('\n'),
    ...(plan.preparation.length === 0 ? [] : ['## Clusters', ...plan.preparation.map(stepMarkdown)]),
    ...plan.migrations.flatMap(({ roleArn, serviceAccounts, steps, notes }) => [
      `## Role ${roleArn}`,
      `Used by ${serviceAccounts.join(', ')}.`,
      ...steps.map(stepMarkdown),
      ...notes,
    ]),
    ...notesOf(plan).map((note) => `- ${note}`),
  ].join('\n\n')}\n`;
}

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

const stepMarkdown = ({ number, title, access, effect, commands, terraform, undo }: Step): string =>
  [
    `### ${number}. ${title}`,
    `Access: ${access}. ${effect}`,
    fenced('sh', commands.join('\n')),
    ...(terraform === undefined ? [] : ['In Terraform:', fenced('hcl', terraform)]),
    'Undo:',
    fenced('sh', undo.commands.join('\n')),
  ].join('\n\n');

/** Returns the plan for a terminal of `width` columns. Commands are not wrapped. */
export function migrationText(plan: MigrationPlan, paint: Paint, width: number | undefined): string {
  const stepLines = ({ number, title, access, effect, commands, undo }: Step): readonly string[] => [
    paint(`  ${number}. ${title}`, 1),
    wrap(`     Access: ${access}. ${effect}`, width, 2),
    ...commands.map((line) => `     $ ${line}`),
    ...undo.commands.map((line) => paint(`     undo: ${line}`, 2)),
  ];
  const count = (state: PlannedAccount['state']): number =>
    plan.serviceAccounts.filter((one) => one.state === state).length;
  const lines = [
    ...plan.serviceAccounts.map(({ cluster, namespace, serviceAccount, mechanism, roleArn, pods, state }) =>
      [`${state.padEnd(8)} ${cluster}: ${namespace}/${serviceAccount}`, mechanism, roleArn, counted(pods.length, 'pod')]
        .filter(Boolean)
        .join(', '),
    ),
    ...(plan.preparation.length === 0 ? [] : ['', 'Clusters', ...plan.preparation.flatMap(stepLines)]),
    ...plan.migrations.flatMap(({ roleArn, serviceAccounts, steps, notes }) => [
      '',
      paint(`Role ${roleArn} of ${serviceAccounts.join(', ')}`, 36),
      ...steps.flatMap(stepLines),
      ...notes.map((note) => wrap(`  Note: ${note}`, width, 2)),
    ]),
    '',
    ...notesOf(plan).map((note) => wrap(note, width, 2)),
    `${count('ready')} ready, ${count('blocked')} blocked, ${count('done')} done, ${count('kept')} without IRSA. --format markdown prints Terraform too.`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Returns blockers, notes and parts that could not be read. */
const notesOf = ({ serviceAccounts, gaps }: MigrationPlan): readonly string[] => [
  ...serviceAccounts.flatMap(({ cluster, namespace, serviceAccount, blockers, notes }) => [
    ...blockers.map((text) => `Blocked: ${cluster}: ${namespace}/${serviceAccount}: ${text}`),
    ...notes.map((text) => `Note: ${cluster}: ${namespace}/${serviceAccount}: ${text}`),
  ]),
  ...gaps.map(
    ({ right, object, reason }) => `Not read: ${right}${object === undefined ? '' : ` of ${object}`} (${reason}).`,
  ),
  ...(serviceAccounts.some(({ state, images }) => state === 'ready' && images.some((one) => one.state === 'check'))
    ? [CHECK_SDK]
    : []),
];
