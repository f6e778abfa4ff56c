import type { Comparison } from './compare.ts';
import { COMPARISON_VERSION } from './comparison-schema.ts';
import type { Side } from '../results/read-results.ts';

export const comparisonJson = ({ a, b, ...comparison }: Comparison, exitCode: number): string =>
  `${JSON.stringify({ version: COMPARISON_VERSION, exitCode, a: side(a), b: side(b), ...comparison }, null, 2)}\n`;

const side = ({ file, run, facts, faults }: Side): object => ({ file, run, facts, faults });
