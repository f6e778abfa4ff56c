import type { ComparisonContent } from '../compare/comparison-schema.ts';
import type { Loosening } from '../results/loosening.ts';
import type { PolicyCoverage, RunResults, ScenarioResult } from '../results/results.ts';

export interface PageData {
  /** One run, or two that are compared. */
  readonly runs: readonly [RunResults, RunResults?];
  /** Command that repeats a scenario, without its id: `npm run conformance -- --scenario`. */
  readonly again: string;
  readonly comparison?: Pick<ComparisonContent, 'scenarios' | 'stale' | 'medians' | 'unlike' | 'summary'>;
  readonly policyCoverage?: PolicyCoverage;
  readonly loosening?: Loosening;
}

/** Scenarios of the first run, then those of the second only. */
export const scenariosOf = ({ runs: [run, other] }: PageData): readonly ScenarioResult[] => {
  const ids = new Set(run.scenarios.map(({ id }) => id));
  return [...run.scenarios, ...(other?.scenarios ?? []).filter(({ id }) => !ids.has(id))];
};

/**
 * A JSON value in which equal parts are stored once. A node is a scalar or a list of numbers. An array's list has 0 and the
 * indexes of its items. An object's list has the number of its shape, from 1, and the indexes of its values. Parts come first.
 */
export interface Packed {
  readonly shapes: readonly (readonly string[])[];
  readonly nodes: readonly (string | number | boolean | null | readonly number[])[];
}

type Plain = Packed['nodes'][number];

export function pack(value: unknown): Packed {
  const shapes = new Map<string, number>();
  const keys: string[][] = [];
  const places = new Map<unknown, number>();
  const nodes: Plain[] = [];
  const add = (node: Plain, key: unknown): number => {
    const place = places.get(key) ?? nodes.push(node) - 1;
    places.set(key, place);
    return place;
  };
  const shapeOf = (names: string[]): number => {
    const key = JSON.stringify(names);
    const shape = shapes.get(key) ?? keys.push(names);
    shapes.set(key, shape);
    return shape;
  };
  const place = (item: unknown): number => {
    // The quote distinguishes a string from other keys.
    if (typeof item !== 'object' || item === null)
      return add(item as Plain, typeof item === 'string' ? `"${item}` : item);
    if (Array.isArray(item)) return list([0, ...item.map(place)]);
    const entries = Object.entries(item).filter(([, part]) => part !== undefined);
    return list([shapeOf(entries.map(([name]) => name)), ...entries.map(([, part]) => place(part))]);
  };
  const list = (node: number[]): number => add(node, node.join());
  place(value);
  return { shapes: keys, nodes };
}

export function unpack({ shapes, nodes }: Packed): unknown {
  const values: unknown[] = [];
  for (const node of nodes) values.push(Array.isArray(node) ? whole(node as number[], shapes, values) : node);
  return values.at(-1);
}

function whole(
  [shape = 0, ...places]: readonly number[],
  shapes: Packed['shapes'],
  values: readonly unknown[],
): unknown {
  if (shape === 0) return places.map((place) => values[place]);
  const names = shapes[shape - 1] ?? [];
  // Assignment would lose a key such as __proto__.
  return Object.fromEntries(names.map((name, index) => [name, values[places[index] ?? 0]]));
}
