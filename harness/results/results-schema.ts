import * as z from 'zod';
import { resultId, scalar, whole } from '../../foundation/node/validate.ts';
import type { HarnessErrorCode } from '../../foundation/node/errors.ts';
import type { OptionValue } from '../../foundation/node/options.ts';

/** The form of results.json and, by `npm run schemas`, results.schema.json. Only the latter rejects unknown members. */

export const VERDICTS = ['passed', 'failed', 'inconclusive', 'skipped', 'error'] as const;
export const PROBE_VERDICTS = ['passed', 'failed', 'inconclusive', 'error'] as const;
const OUTCOMES = ['granted', 'refused', 'denied', 'absent'] as const;
const count = whole(0);
const texts = z.array(z.string());
const some = z.string().min(1);
const namedTexts = z.record(z.string(), z.string());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.string().meta({ format: 'date-time' });

const factMatcher = z.union(
  [
    scalar,
    z.object({ absent: z.literal(true) }),
    z.object({ between: z.tuple([z.number(), z.number()]) }),
    z.object({ matches: z.string().refine(isPattern, { abort: true }) }),
  ],
  'a value, {absent: true}, {between: [low, high]} or {matches: pattern}',
);

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}

const KINDS = ['identity', 'resource', 'trust', 'session', 'boundary'] as const;
const DECISIONS = ['allowed', 'implicitlyDenied', 'explicitlyDenied', 'unknown'] as const;

const statement = z.object({
  policy: count.describe("Place in the scenario's `policies`."),
  sid: z.exactOptional(z.string()),
  index: count.describe("Place in the policy's document."),
  effect: z.exactOptional(z.enum(['Allow', 'Deny'])).describe('Absent if it applied, as the decision gives it.'),
  applied: z.boolean(),
  principalMatched: z
    .boolean()
    .optional()
    .describe('This and the next two: absent if true of an applied statement, or not evaluated.'),
  actionMatched: z.boolean().optional(),
  resourceMatched: z.boolean().optional(),
  conditions: z.exactOptional(
    z.array(
      z.object({
        operator: z.string(),
        key: z.string(),
        expected: texts,
        actual: texts.optional(),
        matched: z.exactOptional(z.boolean()).describe('Absent if the statement applied: true.'),
      }),
    ),
  ),
  reason: z
    .exactOptional(z.string())
    .describe('Why it did or did not apply, where the call decided a probe that is not as expected.'),
});
const statements = z.array(statement.meta({ id: 'statement', description: 'What became of a statement.' }));

const observed = z
  .object({
    outcome: z.enum([...OUTCOMES, 'error']),
    layer: z.exactOptional(
      z.enum(['injection', 'client', 'network', 'agent', 'eks-auth', 'sts', 's3', 'eks', 'kubernetes', 'webhook']),
    ),
    code: z.exactOptional(z.string()),
    status: z.exactOptional(count),
    message: z.exactOptional(z.string()),
    requestId: z.exactOptional(z.string()),
    identity: z.exactOptional(z.object({ arn: z.string(), account: z.string() })),
    facts: z.exactOptional(z.record(z.string(), scalar)),
    startedAt: z.exactOptional(z.number()).describe('Milliseconds since the epoch.'),
    endedAt: z.exactOptional(z.number()),
  })
  .meta({ id: 'observed', description: 'What the probe met.' });

const probe = z
  .object({
    number: count.describe("Place among the scenario's probes, 0-based."),
    workload: z.string().nullable().describe('Workload that made the probe; null: the harness.'),
    operation: z.string(),
    control: z.exactOptional(z.boolean()).describe("A control's failure makes the scenario inconclusive."),
    expected: z.looseObject({
      text: z.string(),
      outcome: z.enum(OUTCOMES),
      facts: z.exactOptional(z.record(z.string(), factMatcher)),
    }),
    observed: observed.nullable(),
    verdict: z.enum(PROBE_VERDICTS),
    reason: some,
    decisiveCall: z
      .exactOptional(z.string())
      .describe(
        'Request id of the call that decided it, one of `calls`: of a refused or denied probe, and of access that was not expected. Absent where AWS keeps no record.',
      ),
    why: z.string().optional().describe('What decided a result that is not as expected: statement and value.'),
    milliseconds: count,
    tries: z
      .exactOptional(whole(2))
      .describe(
        'How often it was tried, of one that was repeated since AWS takes a while to put changes in force; the last try counts.',
      ),
    calls: z
      .exactOptional(z.array(count))
      .describe("Places of its calls in the scenario's `calls`; absent where AWS keeps no record, or has none of it."),
  })
  .meta({ id: 'probe' });

const receivedCall = z
  .object({
    requestId: z.string(),
    service: z.string(),
    operation: z.string(),
    caller: z.string().describe('ARN, or `anonymous` of an unsigned call.'),
    receivedAt: z.number().describe('Milliseconds since the epoch.'),
    milliseconds: z.number(),
    status: count,
    code: z.exactOptional(z.string()),
    notes: texts.describe('Facts that explain the answer beyond policies.'),
    decisions: z.array(
      z.object({
        action: z.string(),
        resource: z.string(),
        decision: z.enum(DECISIONS),
        reason: z.string(),
        policies: z
          .exactOptional(z.array(count))
          .describe("Places in the scenario's `policies` of those that were evaluated; absent: those of `deciding`."),
        deciding: statements.describe(
          'The statements that decided; where nothing allows, the one that comes nearest, if any does.',
        ),
        others: z
          .exactOptional(statements)
          .describe('All others that were looked at, where the call decided a probe that is not as expected.'),
      }),
    ),
  })
  .meta({ id: 'receivedCall', description: 'A call that AWS received of a probe, as its record tells.' });

const policy = z
  .object({ name: z.string(), kind: z.enum(KINDS), document: z.looseObject({}).describe('As it was given to AWS.') })
  .meta({ id: 'policy' });

const phase = z
  .object({
    phase: z
      .enum(['arranging', 'waiting', 'probing', 'diagnosing', 'teardown'])
      .describe('`waiting`: for others to be over, of a scenario that runs alone.'),
    attempt: whole(1),
    startedAt: z.number().describe('Milliseconds since the epoch.'),
    milliseconds: count,
  })
  .meta({ id: 'phase' });

const attachment = z.object({
  name: some,
  path: z
    .string()
    .regex(/^[^/].*$/)
    .describe('From the folder of this file, with / between its parts.'),
  description: some,
});

const verdict = z.enum(VERDICTS);
const durations = z.object({ arranging: count, probing: count, teardown: count }).describe('Milliseconds.');

const scenario = z
  .object({
    id: resultId,
    suite: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
    title: some,
    file: z.string(),
    client: z
      .exactOptional(z.object({ name: some, version: some }))
      .describe('Whose program did the operations of an SDK, of a run with --client.'),
    verdict,
    reason: some,
    errorCode: (z.string().regex(/^[A-Z]+(_[A-Z]+)*$/) as unknown as z.ZodType<HarnessErrorCode>)
      .nullable()
      .describe('What kept it from being judged, such as TIMED_OUT or BAD_POLICY.'),
    finding: z.string().nullable().describe('A risk that conforming behaviour has.'),
    source: z.string().nullable().describe('Where the expectation is documented.'),
    attempts: whole(1),
    durations,
    probes: z.array(probe),
    attachments: z
      .array(attachment)
      .default([])
      .describe(
        'Files that were collected of attempts that were not as expected; absent in results of earlier versions of the harness.',
      ),
    repetitions: z
      .exactOptional(z.array(z.object({ verdict, reason: some, durations })))
      .describe(
        'Each time that a scenario ran which was repeated: all else is of the first whose verdict counts, times of all.',
      ),
    run: z.exactOptional(z.string()).describe('Id of the run that it is from, in results that were merged.'),
    allowed: z
      .exactOptional(z.object({ until: z.iso.date(), reason: some, source: z.exactOptional(some) }))
      .describe(
        'Of one that is not as expected: why the gate of the run allows that, and the last day on which it does.',
      ),
    timeline: z
      .array(phase)
      .default([])
      .describe('What was done when, of all attempts; what follows is of the last one. Absent in earlier results.'),
    calls: z
      .array(receivedCall)
      .default([])
      .describe('The calls that AWS received of the probes, where it keeps a record; at most the last 20 of a probe.'),
    policies: z.array(policy).default([]).describe('The policies that AWS decided those calls by.'),
  })
  .meta({ id: 'scenario' });

export const resultsSchema = z
  .object({
    version: z.literal(2),
    run: z.object({
      id: z.string(),
      profile: z
        .exactOptional(
          z.object({
            name: z.string(),
            version: count,
            scopes: z.exactOptional(texts).describe('Absent in results of version 1 of a profile.'),
            narrowed: z.boolean(),
          }),
        )
        .describe('`narrowed`: other flags left out scenarios of the profile.'),
      shard: z
        .exactOptional(
          z.object({ index: whole(1), count: whole(1), scenarios: z.record(resultId, whole(1)), digest: sha256 }),
        )
        .describe('Of a shard: which of how many, the shard of each scenario of the whole, and what these declare.'),
      shards: z.exactOptional(texts).describe("Of results that were merged: ids of the shards' runs."),
      startedAt: time,
      endedAt: time,
      milliseconds: count,
      firstVerdictMilliseconds: count
        .nullable()
        .describe('From the start of the process to the first verdict that was printed; null when there was none.'),
      exitCode: z.literal([0, 1, 2, 3, 130]),
      error: z.string().nullable().describe('Why the run as a whole could not do its work.'),
      interrupted: z.boolean(),
    }),
    configuration: z
      .record(
        z.string(),
        z.object({
          value: z.unknown() as z.ZodType<OptionValue | null>,
          origin: z.enum(['flag', 'environment', 'config file', 'default']),
        }),
      )
      .describe('The effective configuration: every option, its value and where that came from.'),
    environment: z.object({
      harness: z.string(),
      node: z.string(),
      platform: z.string(),
      cluster: z.string(),
      aws: z.string(),
      region: z.string(),
      endpoints: namedTexts
        .default({})
        .describe("Services at a URL of their own, where that is neither AWS' nor the emulator's."),
      services: z
        .array(z.enum(['s3', 'iam', 'sts', 'eks', 'eks-auth']))
        .default([])
        .describe('The services that were there; empty when the run did not get so far.'),
      clusters: z.array(z.object({ alias: z.string(), name: z.string(), facts: namedTexts })),
      digests: z.record(z.string(), sha256).describe('SHA-256 of the programs and suites that took part.'),
      faults: texts,
      translations: texts.describe('How what workloads see differs from a real cluster.'),
    }),
    aws: z
      .object({
        calls: z
          .object({
            total: count,
            retries: count.describe('Attempts that followed another of the same call.'),
            throttled: count.describe('Attempts that were refused since there were too many.'),
            byOperation: z.record(z.string(), whole(1)).describe('By service and operation, such as iam:CreateRole.'),
          })
          .describe('Attempts at calls; those of pods, agent and clusters are not counted.'),
      })
      .nullable()
      .describe('What the harness itself asked of AWS; null when the run did not get so far.'),
    phases: z
      .object({
        provisioning: count,
        scenarios: count,
        arranging: count,
        probing: count,
        teardown: count,
        podMedian: count
          .nullable()
          .describe(
            'Median over all pods, from the request that creates the pod to its first report, milliseconds; null without pods',
          ),
      })
      .describe('Milliseconds; arranging and probing are sums over scenarios that overlapped.'),
    scenarios: z.array(scenario),
    gate: z
      .exactOptional(z.object({ file: some, problems: texts, warnings: texts }))
      .describe(
        'Of a run with a gate: what it does not allow beside scenarios that fail, and what it could do without.',
      ),
    summary: z.object({
      total: count,
      passed: count,
      failed: count,
      inconclusive: count,
      skipped: count,
      error: count,
      probes: count,
    }),
  })
  .meta({
    title: 'Results of a conformance run',
    description:
      'What a run found: the source of every other report. `version` is raised when a field changes its meaning; fields may be added without that.',
  });
