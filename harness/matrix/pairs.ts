/** The decision matrix: which values of two axes meet in what scenarios assert. It knows neither the axes nor scenarios' forms. */

/** The axes with their values, and which of these cannot meet: any of the one axis with any of the other. */
export interface Frame {
  readonly axes: Readonly<Record<string, readonly string[]>>;
  readonly impossible: readonly {
    readonly reason: string;
    readonly values: Readonly<Record<string, readonly string[]>>;
  }[];
}

/** A scenario on the axes. */
export interface Placed {
  readonly id: string;
  /** Of each decision that it asserts, the places of its values in the axes: `0.1+3.2` is of three axes. */
  readonly points: readonly string[];
  /** Why it is not run. */
  readonly skipped?: string | undefined;
}

/** Two values of two axes, and what is known of their meeting. */
export interface Pair {
  readonly values: readonly [string, string];
  /** `skipped`: scenarios assert it, and none of them is run. `open`: nobody asserts it, and nothing is in the way. */
  readonly state: (typeof STATES)[number];
  /** Ids of the scenarios that assert it. */
  readonly scenarios: readonly string[];
  /** Why it is skipped or impossible. */
  readonly reason?: string;
}

export const STATES = ['asserted', 'skipped', 'impossible', 'open'] as const;

/** All pairs of values of two axes. */
export interface Table {
  readonly axes: readonly [string, string];
  readonly pairs: readonly Pair[];
}

/** A table for each two axes. */
export function pairTables({ axes, impossible }: Frame, scenarios: readonly Placed[]): readonly Table[] {
  const names = Object.keys(axes);
  const both = names.flatMap((_, one) => names.slice(one + 1).map((_name, index) => [one, one + 1 + index] as const));
  const asserted = new Map<string, Set<Placed>>();
  for (const scenario of scenarios)
    for (const point of scenario.points) {
      const places = point.split('.').map((values) => values.split('+'));
      for (const [one, other] of both)
        for (const value of places[one] ?? [])
          for (const otherValue of places[other] ?? []) {
            const key = [one, value, other, otherValue].join();
            asserted.set(key, (asserted.get(key) ?? new Set()).add(scenario));
          }
    }
  return both.map(([one, other]) => {
    const [axis = '', otherAxis = ''] = [names[one], names[other]];
    const pairs = (axes[axis] ?? []).flatMap((value, place) =>
      (axes[otherAxis] ?? []).map((otherValue, otherPlace): Pair => {
        const by = [...(asserted.get([one, place, other, otherPlace].join()) ?? [])];
        const why = impossible.find(
          ({ values }) => values[axis]?.includes(value) === true && values[otherAxis]?.includes(otherValue) === true,
        );
        return { values: [value, otherValue], scenarios: by.map(({ id }) => id), ...stateOf(by, why?.reason) };
      }),
    );
    return { axes: [axis, otherAxis], pairs };
  });
}

function stateOf(by: readonly Placed[], impossible: string | undefined): Pick<Pair, 'state' | 'reason'> {
  if (by.length === 0)
    return impossible === undefined ? { state: 'open' } : { state: 'impossible', reason: impossible };
  const isRun = by.some(({ skipped }) => skipped === undefined);
  return isRun ? { state: 'asserted' } : { state: 'skipped', reason: by[0]?.skipped ?? '' };
}

/** How many pairs there are of each state. */
export const countsOf = (pairs: readonly Pair[]): readonly number[] =>
  STATES.map((state) => pairs.filter((pair) => pair.state === state).length);

interface Run {
  readonly matrix?: Frame;
  readonly scenarios: readonly {
    readonly id: string;
    readonly points: readonly string[];
    readonly verdict: string;
    readonly reason: string;
  }[];
}

/** The matrix of what a run judged; empty where its scenarios assert nothing of the axes, or results of before do not tell. */
export function matrixOfRun({ matrix, scenarios }: Run): readonly Table[] {
  if (matrix === undefined || scenarios.every(({ points }) => points.length === 0)) return [];
  const placed = scenarios.map(({ id, points, verdict, reason }) => ({
    ...{ id, points },
    ...(verdict === 'skipped' && { skipped: reason }),
  }));
  return pairTables(matrix, placed);
}
