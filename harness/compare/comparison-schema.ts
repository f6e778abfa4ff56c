import * as z from 'zod';
import { scalar, whole, type Frozen } from '../../foundation/node/validate.ts';
import { VERDICTS } from '../results/results-schema.ts';

export const COMPARISON_VERSION = 1;
const count = whole(0);
const texts = z.array(z.string());
const value = scalar.nullable();
const probeNumber = count.nullable().meta({
  id: 'probeNumber',
  description: 'Index of the probe in the scenario, from 0; null: the scenario as a whole.',
});
const seen = z.object({ verdict: z.enum(VERDICTS), reason: z.string() });
const times = z.object({ a: count, b: count }).nullable();

const side = z.object({
  file: z.string(),
  run: z.object({
    id: z.string(),
    startedAt: z.string().meta({ format: 'date-time' }),
    error: z.string().nullable(),
    interrupted: z.boolean(),
  }),
  facts: z
    .record(z.string(), z.string())
    .describe("By name: cluster, aws, region, harness, node, platform, and the facts of the run's clusters."),
  faults: texts,
});

const scenario = z.object({
  id: z.string(),
  suite: z.string(),
  title: z.string(),
  status: z
    .enum(['same', 'differs', 'known', 'skipped', 'alone', 'undecided'])
    .describe(
      'known: every difference is known. skipped: on at least one side. alone: in one file. undecided: an error on both sides.',
    ),
  a: seen.nullable().describe('Null if the file does not have the scenario.'),
  b: seen.nullable(),
  differences: z.array(
    z.object({
      probe: probeNumber,
      field: z.string().regex(/^(verdict|probes|operation|outcome|layer|code|status|identity|facts\..+)$/),
      a: value,
      b: value,
      known: z
        .object({ reason: z.string(), source: z.string() })
        .nullable()
        .describe('Why the difference is known; null: it is unknown and counts.'),
    }),
  ),
  probes: z
    .array(
      z.object({
        number: count,
        workload: z.string().nullable(),
        operation: z.string().describe("A description with names of A's run."),
        a: seen,
        b: seen,
      }),
    )
    .describe('The probes with differences.'),
});

/** The form of compare.json; `npm run schemas` makes compare.schema.json from it. */
export const comparisonSchema = z
  .object({
    version: z.literal(COMPARISON_VERSION),
    exitCode: z.literal([0, 1, 3]).describe('Exit code of the command; 3 if nothing was compared.'),
    a: side,
    b: side,
    scenarios: z.array(scenario),
    stale: z
      .array(
        z.object({
          scenario: z.string(),
          probe: probeNumber,
          fields: texts.min(1).describe('Fields in which the sides do not differ as described.'),
          listed: z.string().describe('The file and the position in it.'),
        }),
      )
      .describe('Known deviations of these two runs that did not occur in these fields.'),
    medians: z
      .object({ arranging: times, probing: times })
      .describe('Median milliseconds of the compared scenarios; null without any.'),
    unlike: texts.describe('Programs and suites of both runs whose contents differ.'),
    summary: z.object({
      compared: count,
      same: count,
      differ: count.describe('Includes scenarios whose differences are all known.'),
      known: count,
      skipped: count,
      alone: count,
      undecided: count,
    }),
  })
  .meta({
    title: 'Comparison of two conformance runs',
    description:
      'Differences of two runs. `version` increases when a field changes its meaning, but not when fields are added.',
  });

export type ComparisonContent = Frozen<z.infer<typeof comparisonSchema>>;
