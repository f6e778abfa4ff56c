import { COMPARISON_VERSION, type Comparison } from './compare.ts';
import type { Side } from './read-results.ts';

/** A comparison as compare.json (harness/compare/compare.schema.json). `exitCode` is the command's. */
export function comparisonJson(comparison: Comparison, exitCode: number): string {
  const { a, b, scenarios, stale, medians, unlike, summary } = comparison;
  const content = {
    version: COMPARISON_VERSION,
    exitCode,
    a: side(a),
    b: side(b),
    scenarios,
    stale,
    medians,
    unlike,
    summary,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

const side = ({ file, run, facts, faults }: Side): object => ({ file, run, facts, faults });
