import { statementLabel, type Decision, type StatementExplanation } from '../policy/index.ts';
import type { EvaluationCase } from './case-file.ts';

export interface EvaluatedCase {
  readonly name: string;
  readonly decision: Decision;
  readonly expect: EvaluationCase['expect'];
  /** Undefined for a case without an expected decision. */
  readonly agrees: boolean | undefined;
}

/** Renders each decision, its reason and each statement as text. */
export function renderText(cases: readonly EvaluatedCase[]): string {
  const lines = cases.flatMap((evaluated) => [...renderCase(evaluated), '']);
  const { agree, compared } = countOf(cases);
  const open = cases.length - compared;
  if (open > 0) lines.push(`${open} of ${cases.length} cases have no expected decision`);
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

export function renderJson(cases: readonly EvaluatedCase[]): string {
  const results = cases.map(({ name, decision, expect, agrees }) => ({
    name,
    decision: decision.value,
    expect,
    agrees,
    deniedBy: decision.deniedBy,
    reason: decision.reason,
    statements: decision.statements,
  }));
  return `${JSON.stringify({ cases: results, ...countOf(cases) }, null, 2)}\n`;
}

export function countOf(cases: readonly EvaluatedCase[]): { readonly agree: number; readonly compared: number } {
  return {
    agree: cases.filter(({ agrees }) => agrees === true).length,
    compared: cases.filter(({ agrees }) => agrees !== undefined).length,
  };
}
