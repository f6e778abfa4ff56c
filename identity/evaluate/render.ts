import { statementLabel, type Decision, type StatementExplanation } from '../policy/index.ts';
import { counted } from '../../foundation/node/text.ts';
import type { EvaluationCase, UnreadableCase } from './case-file.ts';

export interface EvaluatedCase {
  readonly name: string;
  readonly decision: Decision;
  readonly expect: EvaluationCase['expect'];
  /** Undefined for a case without an expected decision. */
  readonly agrees: boolean | undefined;
}

type Case = EvaluatedCase | UnreadableCase;

export const isUnreadable = (one: object): one is UnreadableCase => 'error' in one;
const judgedOf = (cases: readonly Case[]): readonly EvaluatedCase[] =>
  cases.filter((one): one is EvaluatedCase => !isUnreadable(one));

/** Renders each decision, its reason and each statement as text, without cases that cannot be read. */
export function renderText(cases: readonly Case[]): string {
  const judged = judgedOf(cases);
  const lines = judged.flatMap((evaluated) => [...renderCase(evaluated), '']);
  const { agree, compared, unreadable } = countOf(cases);
  const open = judged.length - compared;
  if (open > 0) lines.push(`${open} of ${judged.length} cases have no expected decision`);
  if (unreadable > 0) lines.push(`${counted(unreadable, 'case')} cannot be read`);
  lines.push(`${agree} of ${compared} cases match`);
  return `${lines.join('\n')}\n`;
}

function renderCase({ name, decision, expect, agrees }: EvaluatedCase): string[] {
  const mark = agrees === undefined ? 'case' : agrees ? 'agrees' : 'DIFFERS';
  const wanted = agrees === false ? `, expected ${expect}` : '';
  return [
    `${mark}: ${name}`,
    `  ${decision.value}${wanted}: ${decision.reason}`,
    ...decision.statements.map((statement) => `    ${renderStatement(statement)}`),
  ];
}

const renderStatement = (statement: StatementExplanation): string =>
  `${statement.policy}, ${statementLabel(statement)} (${statement.effect}): ${statement.reason}`;

export function renderJson(cases: readonly Case[]): string {
  const results = cases.map((one) => {
    if (isUnreadable(one)) return one;
    const { name, decision, expect, agrees } = one;
    const { value, deniedBy, reason, statements } = decision;
    return { name, decision: value, expect, agrees, deniedBy, reason, statements };
  });
  return `${JSON.stringify({ cases: results, ...countOf(cases) }, null, 2)}\n`;
}

export function countOf(cases: readonly Case[]) {
  const judged = judgedOf(cases);
  return {
    agree: judged.filter(({ agrees }) => agrees === true).length,
    compared: judged.filter(({ agrees }) => agrees !== undefined).length,
    unreadable: cases.length - judged.length,
  };
}
