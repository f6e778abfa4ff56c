import * as z from 'zod';
import { LAYERS } from '../../foundation/protocols/probe-protocol.ts';
import { resultId, scalar, whole } from '../../foundation/node/validate.ts';
import type { HarnessErrorCode } from '../../foundation/node/errors.ts';
import type { OptionValue } from '../../foundation/node/options.ts';

/** The schema of results.json. `npm run schemas` generates results.schema.json, which also rejects unknown members. */

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

const KINDS = ['identity', 'resource', 'trust', 'session', 'boundary', 'scp', 'rcp'] as const;
const DECISIONS = ['allowed', 'implicitlyDenied', 'explicitlyDenied', 'unknown'] as const;

const statement = z.object({
  policy: count.describe("Index in the scenario's `policies`."),
  sid: z.exactOptional(z.string()),
  index: count.describe("Index in the policy's document."),
  effect: z
    .exactOptional(z.enum(['Allow', 'Deny']))
    .describe('Absent if the statement applied, because the decision implies it.'),
  applied: z.boolean(),
  principalMatched: z
    .boolean()
    .optional()
    .describe('This and the next two are absent if the statement applied, or if the element was not evaluated.'),
  actionMatched: z.boolean().optional(),
  resourceMatched: z.boolean().optional(),
  conditions: z.exactOptional(
    z.array(
      z.object({
        operator: z.string(),
        key: z.string(),
        expected: texts,
        actual: texts.optional(),
        matched: z.exactOptional(z.boolean()).describe('Absent if the statement applied, which implies true.'),
      }),
    ),
  ),
  reason: z.exactOptional(z.string()).describe('Why it did or did not apply, if the call decided an unexpected probe.'),
});
const statements = z.array(statement.meta({ id: 'statement', description: 'The evaluation of a statement.' }));

const observed = z
  .object({
    outcome: z.enum([...OUTCOMES, 'error']),
    layer: z.exactOptional(z.enum(LAYERS)),
    code: z.exactOptional(z.string()),
    status: z.exactOptional(count),
    message: z.exactOptional(z.string()),
    requestId: z.exactOptional(z.string()),
    identity: z.exactOptional(z.object({ arn: z.string(), account: z.string() })),
    facts: z.exactOptional(z.record(z.string(), scalar)),
    startedAt: z.exactOptional(z.number()).describe('Milliseconds since the epoch.'),
    endedAt: z.exactOptional(z.number()),
  })
  .meta({ id: 'observed', description: 'The observed result of a probe.' });

const probe = z
  .object({
    number: count.describe('Index of the probe in the scenario, from 0.'),
    workload: z.string().nullable().describe('Workload that ran the probe; null: the harness.'),
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
        'Request id of the call, in `calls`, that refused or denied the probe, or granted unexpected access. Absent if AWS keeps no record.',
      ),
    why: z.string().optional().describe('The cause of an unexpected result: statement and value.'),
    milliseconds: count,
    tries: z
      .exactOptional(whole(2))
      .describe(
        'Number of attempts, if the probe was repeated because changes in AWS take effect with a delay. The last attempt counts.',
      ),
    calls: z
      .exactOptional(z.array(count))
      .describe("Indexes of its calls in the scenario's `calls`; absent without recorded calls."),
  })
  .meta({ id: 'probe' });

const receivedCall = z
  .object({
    requestId: z.string(),
    service: z.string(),
    operation: z.string(),
    caller: z.string().describe('ARN, or `anonymous` for an unsigned call.'),
    receivedAt: z.number().describe('Milliseconds since the epoch.'),
    milliseconds: z.number(),
    status: count,
    code: z.exactOptional(z.string()),
    notes: texts.describe('Facts other than policies that explain the answer.'),
    decisions: z.array(
      z.object({
        action: z.string(),
        resource: z.string(),
        decision: z.enum(DECISIONS),
        reason: z.exactOptional(z.string()).describe('Absent for an expected grant, which `deciding` explains.'),
        policies: z
          .exactOptional(z.array(count))
          .describe("Indexes of the evaluated policies in the scenario's `policies`; absent: those of `deciding`."),
        deciding: statements.describe(
          'The deciding statements. If no statement allows the request: the closest one, if any.',
        ),
        others: z
          .exactOptional(statements)
          .describe('All other evaluated statements, if the call decided an unexpected probe.'),
      }),
    ),
  })
  .meta({ id: 'receivedCall', description: 'A call of a probe that AWS recorded.' });

const policy = z
  .object({ name: z.string(), kind: z.enum(KINDS), document: z.looseObject({}).describe('As sent to AWS.') })
  .meta({ id: 'policy' });

const phase = z
  .object({
    phase: z
      .enum(['arranging', 'waiting', 'probing', 'diagnosing', 'teardown'])
      .describe('`waiting`: a scenario that runs alone waits for the end of others.'),
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
    .describe('Relative to the folder of this file, with / between its parts.'),
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
      .describe('The client that performed the SDK operations in a run with --client.'),
    verdict,
    reason: some,
    errorCode: (z.string().regex(/^[A-Z]+(_[A-Z]+)*$/) as unknown as z.ZodType<HarnessErrorCode>)
      .nullable()
      .describe('Why it could not be judged, such as TIMED_OUT or BAD_POLICY.'),
    finding: z.string().nullable().describe('A risk of the conforming behavior.'),
    source: z.string().nullable().describe('Where the expectation is documented.'),
    attempts: whole(1),
    durations,
    probes: z.array(probe),
    attachments: z
      .array(attachment)
      .default([])
      .describe('Diagnostics of unexpected attempts; absent in results of earlier versions of the harness.'),
    repetitions: z
      .exactOptional(z.array(z.object({ verdict, reason: some, durations })))
      .describe(
        'All repetitions of a repeated scenario. Other members are of the first repetition whose verdict counts; times are sums.',
      ),
    run: z.exactOptional(z.string()).describe('Id of the run of its shard, in merged results.'),
    allowed: z
      .exactOptional(z.object({ until: z.iso.date(), reason: some, source: z.exactOptional(some) }))
      .describe('Why the gate of the run allows an unexpected verdict, and until which day.'),
    timeline: z
      .array(phase)
      .default([])
      .describe(
        'Phases of all attempts. The members after this one are of the last attempt. Absent in earlier results.',
      ),
    calls: z
      .array(receivedCall)
      .default([])
      .describe('Calls of the probes, if AWS keeps a record; at most the last 20 of each probe.'),
    policies: z.array(policy).default([]).describe('The policies that AWS evaluated for these calls.'),
  })
  .meta({ id: 'scenario' });

const coverage = {
  tested: count,
  total: count.describe('Statements and conditions of all policies.'),
  percent: count,
  notTested: texts.describe(
    'One sentence for each statement and condition whose removal changes no decision of the run.',
  ),
};
const line = z.exactOptional(count).describe('Line in `file`; absent for a part of another file.');

/** policy-coverage.json: what the decisions of a run say about its policies. */
export const policyCoverageSchema = z.object({
  ...coverage,
  policies: z.array(
    z.object({
      file: some,
      address: z.exactOptional(some).describe('The resource within a Terraform or CloudFormation file.'),
      kind: some,
      isFile: z.boolean().describe('Whether `file` is a policy file, and not a suite that builds the policy.'),
      uses: z.array(z.object({ scenario: some, part: some, owner: some })),
      document: z.record(z.string(), z.unknown()),
      statements: z.array(
        z.object({
          index: count,
          line,
          effect: z.enum(['Allow', 'Deny']),
          grants: count.describe('Grants that it decided.'),
          denials: count.describe('Denials that it decided.'),
          tested: z.boolean(),
          conditions: z.array(z.object({ operator: some, key: some, line, tested: z.boolean() })),
        }),
      ),
    }),
  ),
});

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
        .describe('`narrowed`: other flags excluded scenarios of the profile.'),
      shard: z
        .exactOptional(
          z.object({ index: whole(1), count: whole(1), scenarios: z.record(resultId, whole(1)), digest: sha256 }),
        )
        .describe(
          'The index of a shard, the number of shards, the shard of each scenario of the whole run, and a digest of their declarations.',
        ),
      shards: z.exactOptional(texts).describe("Ids of the shards' runs, in merged results."),
      startedAt: time,
      endedAt: time,
      milliseconds: count,
      firstVerdictMilliseconds: count
        .nullable()
        .describe('From the start of the process to the first printed verdict; null without a verdict.'),
      exitCode: z.literal([0, 1, 2, 3, 130]),
      error: z.string().nullable().describe('Why the run as a whole failed.'),
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
      .describe('The effective configuration: every option with its value and origin.'),
    environment: z.object({
      harness: z.string(),
      node: z.string(),
      platform: z.string(),
      cluster: z.string(),
      aws: z.string(),
      region: z.string(),
      endpoints: namedTexts
        .default({})
        .describe("URLs of services that are neither those of AWS nor those of the harness's emulator."),
      services: z
        .array(z.enum(['s3', 'iam', 'sts', 'eks', 'eks-auth']))
        .default([])
        .describe('The available services; empty if the run ended before it checked them.'),
      clusters: z.array(z.object({ alias: z.string(), name: z.string(), facts: namedTexts })),
      digests: z.record(z.string(), sha256).describe('SHA-256 digests of the programs and suites in use.'),
      faults: texts,
      translations: texts.describe('Differences from a real cluster that workloads can see.'),
    }),
    aws: z
      .object({
        calls: z
          .object({
            total: count,
            retries: count.describe('Attempts after the first of a call.'),
            throttled: count.describe('Attempts that AWS throttled.'),
            byOperation: z.record(z.string(), whole(1)).describe('By service and operation, such as iam:CreateRole.'),
          })
          .describe('Attempts at calls, without those of pods, agent and clusters.'),
      })
      .nullable()
      .describe("The harness's own calls to AWS; null if the run ended before them."),
    phases: z
      .object({
        provisioning: count,
        scenarios: count,
        arranging: count,
        probing: count,
        teardown: count,
        podMedian: count
          .nullable()
          .describe('Median over all pods, from the creation request to the first report; null without pods.'),
      })
      .describe('Milliseconds. The values of arranging and probing are sums over concurrent scenarios.'),
    scenarios: z.array(scenario),
    gate: z
      .exactOptional(z.object({ file: some, problems: texts, warnings: texts }))
      .describe(
        'The gate of the run: problems other than failed scenarios, and warnings about superfluous allowances.',
      ),
    policyCoverage: z
      .exactOptional(z.object(coverage))
      .describe('How much of the policies the run tests; policy-coverage.json has each statement.'),
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
      'The results of a run, from which all other reports are generated. `version` increases when a field changes its meaning, but not when fields are added.',
  });
