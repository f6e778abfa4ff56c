import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Mutant } from './mutants-build.ts';

const ENTRY = z.strictObject({
  file: z.string(),
  mutator: z.string(),
  original: z.string(),
  replacement: z.string(),
  reason: z.string().min(10),
});
export type Equivalent = z.infer<typeof ENTRY>;

/** Reads the reviewed list of mutants that behave like the original. Throws an Error for an invalid file. */
export const readEquivalents = (path: string): readonly Equivalent[] =>
  z.array(ENTRY).parse(parse(readFileSync(path, 'utf8')));

const isOf = (mutant: Mutant, one: Equivalent): boolean =>
  (['file', 'mutator', 'original', 'replacement'] as const).every((name) => mutant[name] === one[name]);

export const isEquivalent = (mutant: Mutant, all: readonly Equivalent[]): boolean =>
  all.some((one) => isOf(mutant, one));

/** Reports entries without a mutant, and areas where more than one in ten mutants is listed. */
export function problemsOf(mutants: readonly Mutant[], all: readonly Equivalent[]): readonly string[] {
  const gone = all.filter((one) => !mutants.some((mutant) => isOf(mutant, one)));
  const areas = [...new Set(mutants.map(({ area }) => area))].filter((area) => {
    const areaMutants = mutants.filter((mutant) => mutant.area === area);
    return areaMutants.filter((mutant) => isEquivalent(mutant, all)).length * 10 > areaMutants.length;
  });
  return [
    ...gone.map(
      ({ file, original }) => `${file} has no such mutant of ${JSON.stringify(original)}. Remove this entry.`,
    ),
    ...areas.map((area) => `More than one in ten mutants of ${area} are listed as equivalent. Remove some entries.`),
  ];
}
