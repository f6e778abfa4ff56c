import { counted, wrap, type Paint } from '../../foundation/node/text.ts';
import type { MigrationStep } from './effects.ts';
import type { MigrationPlan, PlannedAccount } from './plan.ts';

/** AWS documents a minimum for each SDK (docs/clients.md, docs/migration.md). */
const CHECK_SDK =
  'Tags of other images do not show their AWS SDK: compare it with the minimum versions in docs/migration.md.';

/** Returns the plan for a terminal of `width` columns. Commands are not wrapped. */
export function migrationText(plan: MigrationPlan, paint: Paint, width: number | undefined): string {
  const stepLines = ({ number, title, access, effect, commands, undo }: MigrationStep): readonly string[] => [
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
    `${count('ready')} ready, ${count('blocked')} blocked, ${count('done')} done, ${count('kept')} without IRSA.`,
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
