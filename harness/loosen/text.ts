import { counted, wrap } from '../../foundation/node/text.ts';
import { lineOf, placeText } from '../policies/sources.ts';
import type { JudgedChange } from './judge.ts';

const COLUMNS = 80;

/** Returns the percentage of judged changes that a scenario notices, rounded down. */
export function scoreOf(judged: readonly JudgedChange[]): number {
  const killed = judged.filter(({ state }) => state === 'killed').length;
  const all = killed + judged.filter(({ state }) => state === 'survived').length;
  return all === 0 ? 100 : Math.floor((100 * killed) / all);
}

/** Returns the result for people. `width`: columns of the terminal (default: 80). */
export function loosenText(judged: readonly JudgedChange[], width = COLUMNS): string {
  const of = (state: JudgedChange['state']): readonly JudgedChange[] => judged.filter((one) => one.state === state);
  const runs = judged.filter(({ by }) => by === 'run').length;
  const blocks = of('survived').map((one) => [
    `SURVIVED ${placeText(one.source, lineOfChange(one))}`,
    `  ${one.change.text}`,
  ]);
  const parts = [
    `${of('killed').length} of ${counted(judged.length, 'change')} killed`,
    `${of('survived').length} survived`,
    ...(of('rejected').length > 0 ? [`${of('rejected').length} rejected by AWS`] : []),
    ...(of('unjudged').length > 0 ? [`${of('unjudged').length} not judged`] : []),
    `${judged.length - runs} judged by replay, ${runs} by a run`,
  ];
  const lines = [...blocks.flatMap((block) => ['', ...block]), '', `Score ${scoreOf(judged)} %: ${parts.join('; ')}`];
  return `${lines.map((line) => wrap(line, width, 2)).join('\n')}\n`;
}

export const loosenJson = (judged: readonly JudgedChange[]): string =>
  `${JSON.stringify(
    {
      score: scoreOf(judged),
      changes: judged.map(({ source, change, ...rest }) => ({
        file: source.file,
        ...(source.address !== undefined && { address: source.address }),
        line: lineOfChange({ source, change }),
        operator: change.operator,
        direction: change.direction,
        change: change.text,
        ...rest,
      })),
    },
    null,
    2,
  )}\n`;

/** Returns the line of the changed condition, or of its statement. */
export function lineOfChange({ source, change }: Pick<JudgedChange, 'source' | 'change'>): number | undefined {
  const statement = ['Statement', change.statement];
  const [, operator = '', key = ''] = /the condition (\S+) (\S+)/.exec(change.text) ?? [];
  return lineOf(source, [...statement, 'Condition', operator, key]) ?? lineOf(source, statement);
}
