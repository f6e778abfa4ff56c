import { unmetRequirements } from '../plan/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';
import { AXES, AXIS_NAMES, whyImpossible, type Axis } from './axes.ts';
import { pointsOf } from './points.ts';

/** Two values of two axes, and what is known of their meeting. */
export interface Pair {
  readonly values: readonly [string, string];
  /** `skipped`: scenarios assert it, and none of them can run here. `open`: nobody asserts it, and nothing is in the way. */
  readonly state: 'asserted' | 'skipped' | 'impossible' | 'open';
  /** Ids of the scenarios that assert it. */
  readonly scenarios: readonly string[];
  /** Why it is skipped or impossible. */
  readonly reason?: string;
}

/** All pairs of values of two axes. */
export interface Table {
  readonly axes: readonly [Axis, Axis];
  readonly pairs: readonly Pair[];
}

export interface Matrix {
  readonly axes: typeof AXES;
  readonly tables: readonly Table[];
  /** Ids of scenarios that assert no decision of these axes, such as those of Kubernetes' tokens alone. */
  readonly apart: readonly string[];
}

/** The decision matrix of scenarios. `available`: what cluster and AWS have. */
export function decisionMatrix(scenarios: readonly Scenario[], available: ReadonlySet<string>): Matrix {
  const asserted = new Map<string, Set<Scenario>>();
  const apart: string[] = [];
  for (const scenario of scenarios) {
    const points = pointsOf(scenario);
    if (points.length === 0) apart.push(scenario.id);
    for (const point of points)
      for (const [one, other] of axisPairs())
        for (const value of point[one])
          for (const otherValue of point[other]) {
            const key = keyOf(one, value, other, otherValue);
            asserted.set(key, (asserted.get(key) ?? new Set()).add(scenario));
          }
  }
  const pairOf = (one: Axis, value: string, other: Axis, otherValue: string): Pair => {
    const by = [...(asserted.get(keyOf(one, value, other, otherValue)) ?? [])];
    const values = [value, otherValue] as const;
    const why = by.length === 0 ? whyImpossible(one, value, other, otherValue) : undefined;
    if (by.length === 0)
      return {
        values,
        scenarios: [],
        ...(why === undefined ? { state: 'open' } : { state: 'impossible', reason: why }),
      };
    const unmet = by.map((scenario) => unmetRequirements(scenario, available));
    const ids = by.map(({ id }) => id);
    if (unmet.includes(undefined)) return { values, scenarios: ids, state: 'asserted' };
    return { values, scenarios: ids, state: 'skipped', reason: unmet[0] ?? '' };
  };
  const tables = axisPairs().map(([one, other]): Table => ({
    axes: [one, other],
    pairs: AXES[one].flatMap((value) => AXES[other].map((otherValue) => pairOf(one, value, other, otherValue))),
  }));
  return { axes: AXES, tables, apart };
}

const axisPairs = (): readonly (readonly [Axis, Axis])[] =>
  AXIS_NAMES.flatMap((one, index) => AXIS_NAMES.slice(index + 1).map((other) => [one, other] as const));

const keyOf = (...parts: readonly string[]): string => parts.join('\0');

export const STATES = ['asserted', 'skipped', 'impossible', 'open'] as const;

/** How many pairs there are of each state. */
export const countsOf = (pairs: readonly Pair[]): readonly number[] =>
  STATES.map((state) => pairs.filter((pair) => pair.state === state).length);

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
