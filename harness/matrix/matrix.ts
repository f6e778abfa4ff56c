import { unmetRequirements } from '../scenario/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';
import { AXES, FRAME } from './axes.ts';
import { countsOf, pairTables, STATES, type Table } from './pairs.ts';
import { placesOf } from './points.ts';

export interface Matrix {
  readonly axes: typeof AXES;
  readonly tables: readonly Table[];
  /** Ids of scenarios that assert no decision of these axes, such as those of Kubernetes' tokens alone. */
  readonly apart: readonly string[];
}

/** The decision matrix of scenarios. `available`: what cluster and AWS have. */
export function decisionMatrix(scenarios: readonly Scenario[], available: ReadonlySet<string>): Matrix {
  const placed = scenarios.map((scenario) => ({
    ...{ id: scenario.id, points: placesOf(scenario) },
    skipped: unmetRequirements(scenario, available),
  }));
  const apart = placed.filter(({ points }) => points.length === 0).map(({ id }) => id);
  return { axes: AXES, tables: pairTables(FRAME, placed), apart };
}

/** One row for each two axes, no wider than 80 columns. */
export function matrixText({ tables, apart }: Matrix): string {
  const row = (title: string, cells: readonly (string | number)[]): string =>
    `${title.padEnd(30)}${cells.map((cell) => String(cell).padStart(11)).join('')}\n`;
  return [
    row('axes', STATES),
    ...tables.map(({ axes, pairs }) => row(axes.join(' x '), countsOf(pairs))),
    row('all', countsOf(tables.flatMap(({ pairs }) => pairs))),
    `\n${apart.length} scenarios are about none of these axes. --json FILE tells which scenarios\nassert a pair, and why others are not asserted.\n`,
  ].join('');
}
