import { counted, wrap, type Paint } from '../../foundation/node/text.ts';
import { diffOf } from '../output/policy-diff.ts';
import { notCheckedLines } from '../output/terminal.ts';
import { objectText } from '../snapshot/object-name.ts';
import type { PlanStep, RepairPlan } from './plan.ts';

/** Returns the plan for a terminal of `width` columns. Commands are not wrapped. */
export function planText({ clusters, steps, notChecked }: RepairPlan, paint: Paint, width: number | undefined): string {
  const described = new Set<string>();
  const stepLines = ({ number, cluster, command, fix, change, findings }: PlanStep): readonly string[] => {
    const place = clusters.length > 1 ? `${cluster}: ` : '';
    const names = findings.map(({ check, object }) => `${check} ${objectText(object)}`);
    const isDescribed = findings.every(({ fingerprint }) => described.has(fingerprint));
    for (const { fingerprint } of findings) described.add(fingerprint);
    return [
      wrap(`${number}. ${place}${isDescribed ? `Then, for ${names.join(', ')}:` : fix}`, width, 3),
      ...(isDescribed ? [] : findings).map(({ pods, text }, index) =>
        wrap(
          `   ${paint(names[index]!, 1)}${pods.length === 0 ? '' : ` (${counted(pods.length, 'pod')})`}: ${text}`,
          width,
          2,
        ),
      ),
      ...(change && !isDescribed
        ? [`   Change of the ${change.policy}:`, ...diffOf(change).map((line) => `     ${line}`)]
        : []),
      ...(command === undefined ? [] : [command]),
    ];
  };
  const commands = steps.filter(({ command }) => command !== undefined).length;
  const lines = [
    ...notCheckedLines(notChecked, paint).map((line) => wrap(line, width, 2)),
    ...steps.flatMap(stepLines),
    `${counted(commands, 'command')}, ${counted(steps.length - commands, 'change')} by hand.`,
  ];
  return `${lines.join('\n')}\n`;
}
