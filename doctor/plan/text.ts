import { counted, wrap, type Paint } from '../../foundation/node/text.ts';
import { diffOf } from '../output/policy-diff.ts';
import { notCheckedLines } from '../output/terminal.ts';
import { objectText } from '../snapshot/object-name.ts';
import type { PlanStep, RepairPlan } from './plan.ts';

/** Returns the plan for a terminal of `width` columns. Commands are not wrapped. */
export function planText({ clusters, steps, notChecked }: RepairPlan, paint: Paint, width: number | undefined): string {
  const stepLines = ({ number, cluster, command, fix, change, findings }: PlanStep): readonly string[] => [
    wrap(`${number}. ${clusters.length > 1 ? `${cluster}: ` : ''}${fix}`, width, 3),
    ...findings.map(({ check, object, pods, text }) =>
      wrap(
        `   ${paint(`${check} ${objectText(object)}`, 1)}${pods.length === 0 ? '' : ` (${counted(pods.length, 'pod')})`}: ${text}`,
        width,
        2,
      ),
    ),
    ...(change ? [`   Change of the ${change.policy}:`, ...diffOf(change).map((line) => `     ${line}`)] : []),
    ...(command === undefined ? [] : [command]),
  ];
  const commands = steps.filter(({ command }) => command !== undefined).length;
  const lines = [
    ...notCheckedLines(notChecked, paint).map((line) => wrap(line, width, 2)),
    ...steps.flatMap(stepLines),
    `${counted(commands, 'command')}, ${counted(steps.length - commands, 'change')} by hand.`,
  ];
  return `${lines.join('\n')}\n`;
}
