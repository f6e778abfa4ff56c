import type { ProbeReport, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { PolicyKind, StatementExplanation } from '../../emulator/iam/policy/types.ts';
import type { CallCounts } from '../../aws/call-counts.ts';
import type { OptionValue, Origin } from '../../foundation/node/options.ts';
import type { HarnessErrorCode } from '../../foundation/node/errors.ts';

/** Version of the form of results.json (harness/report/results.schema.json): raised when a field changes its meaning. */
export const RESULTS_VERSION = 2;

export type Verdict = 'passed' | 'failed' | 'inconclusive' | 'skipped' | 'error';

/** A policy that AWS decided by. */
export interface Policy {
  /** As statements name it, such as `inline policy scenario of role app`. */
  readonly name: string;
  readonly kind: PolicyKind;
  /** As it was given to AWS. */
  readonly document: object;
}

/** A call that AWS received of a probe, as its record tells. */
export interface ReceivedCall {
  readonly requestId: string;
  readonly service: string;
  readonly operation: string;
  /** ARN of the caller; `anonymous` for an unsigned call. */
  readonly caller: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Until it was answered. */
  readonly milliseconds: number;
  readonly status: number;
  /** Error code, of a call that was refused. */
  readonly code?: string;
  /** Facts that explain the answer beyond policies. */
  readonly notes: readonly string[];
  readonly decisions: readonly ReceivedDecision[];
}

/** What AWS decided of a call. Policies are told by their place in the scenario's `policies`. */
export interface ReceivedDecision {
  readonly action: string;
  readonly resource: string;
  readonly decision: string;
  readonly reason: string;
  /** Those that were looked at. */
  readonly policies: readonly number[];
  /** The statements that decided; where nothing allows, the one that comes nearest, if any does. */
  readonly deciding: readonly ExaminedStatement[];
  /** All others that were looked at, where the call decided a probe that is not as expected. */
  readonly others?: readonly ExaminedStatement[];
}

/** `index`: its place in the policy's document, 0-based. */
export interface ExaminedStatement extends Omit<StatementExplanation, 'policy' | 'kind' | 'sid' | 'reason'> {
  readonly policy: number;
  readonly sid?: string;
  /** Why it did or did not apply, where the call decided a probe that is not as expected. */
  readonly reason?: string;
}

/** What a scenario did for a while. `waiting`: for others to be over, of one that runs alone. */
export interface ScenarioPhase {
  readonly phase: 'arranging' | 'waiting' | 'probing' | 'diagnosing' | 'teardown';
  /** From 1. */
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly milliseconds: number;
}

export interface ProbeOutcome {
  readonly number: number;
  /** Workload that made the probe; null when the harness made it. */
  readonly workload: string | null;
  /** The operation in words, with real names. */
  readonly operation: string;
  readonly control: boolean;
  /** The expectation in words, and as data. */
  readonly expected: { readonly text: string; readonly outcome: string; readonly [detail: string]: unknown };
  /** What it met, and when, of one that a pod made; null when it was not made. */
  readonly observed: (ProbeResult & Partial<Pick<ProbeReport, 'startedAt' | 'endedAt'>>) | null;
  readonly verdict: Exclude<Verdict, 'skipped'>;
  readonly reason: string;
  /**
   * Request id of the call that decided it, which is one of `calls`: of a refused or denied probe, and of access that was not
   * expected. Absent where AWS keeps no record.
   */
  readonly decisiveCall?: string;
  /** What decided it, in a sentence: statement and value. Of one that is not as expected, where it is known. */
  readonly why?: string | undefined;
  readonly milliseconds: number;
  /** How often it was tried, of one that was repeated since AWS takes a while to put changes in force: the last counts. */
  readonly tries?: number;
  /** Places of its calls in the scenario's `calls`; absent where AWS keeps no record, or has none of it. */
  readonly calls?: readonly number[];
}

/** A file that belongs to a scenario's result. */
export interface Attachment {
  /** Name of the file. */
  readonly name: string;
  /** From the report folder, with `/` between its parts. */
  readonly path: string;
  readonly description: string;
}

/** What a scenario came to in one of several times. */
export type Repetition = Pick<ScenarioResult, 'verdict' | 'reason' | 'durations'>;

export interface ScenarioResult {
  readonly id: string;
  readonly suite: string;
  readonly title: string;
  readonly file: string;
  /** Whose program did the operations of an SDK, of a run with `--client`; the id then tells it too where there are several. */
  readonly client?: { readonly name: string; readonly version: string };
  readonly verdict: Verdict;
  /** One sentence: why it was skipped, what failed, or that all was as expected. */
  readonly reason: string;
  /** Stable code of what kept it from being judged, such as `TIMED_OUT`; null where there is none. */
  readonly errorCode: HarnessErrorCode | null;
  /** A risk that conforming behaviour has; null where there is none to tell. */
  readonly finding: string | null;
  readonly source: string | null;
  /** How often it was tried: more than once only after environment errors. */
  readonly attempts: number;
  readonly durations: { readonly arranging: number; readonly probing: number; readonly teardown: number };
  readonly probes: readonly ProbeOutcome[];
  /** What was collected of attempts that were not as expected, each attempt's summary first; empty where all was. */
  readonly attachments: readonly Attachment[];
  /** Of a run with `--repeat-each`: each time that it ran. All else is of the first that counts, but times are of all. */
  readonly repetitions?: readonly Repetition[];
  /** Id of the run that it is from, in results that were merged. */
  readonly run?: string;
  /** Of one that is not as expected: why the run's gate allows that, and until which day. */
  readonly allowed?: { readonly until: string; readonly reason: string; readonly source?: string };
  /** What was done when, of all attempts; what follows is of the last one. Empty in results of before it was noted. */
  readonly timeline: readonly ScenarioPhase[];
  /** The calls that AWS received of the probes, where it keeps a record. */
  readonly calls: readonly ReceivedCall[];
  readonly policies: readonly Policy[];
}

/** Whether there is nothing to do about a scenario: it passed, was skipped, or may fail. */
export const isFine = ({ verdict, allowed }: Pick<ScenarioResult, 'verdict' | 'allowed'>): boolean =>
  verdict === 'passed' || verdict === 'skipped' || allowed !== undefined;

/** Whether a scenario that was repeated came to verdicts that differ. */
export const isFlaky = ({ repetitions }: Pick<ScenarioResult, 'repetitions'>): boolean =>
  new Set(repetitions?.map(({ verdict }) => verdict)).size > 1;

/** Milliseconds of a scenario's own work: what it waited for others is not in it. */
export const ownTime = ({ durations }: Pick<ScenarioResult, 'durations'>): number =>
  durations.arranging + durations.probing + durations.teardown;

/** `kept`: the run is over, and its clusters are kept until an interrupt. */
export type Phase = 'planning' | 'provisioning' | 'scenarios' | 'kept' | 'teardown';

export interface RunResults {
  readonly version: typeof RESULTS_VERSION;
  readonly run: {
    readonly id: string;
    /** `narrowed`: other flags left out scenarios of the profile. Absent in results of before there were profiles. */
    readonly profile?: { readonly name: string; readonly version: number; readonly narrowed: boolean };
    /**
     * Of a shard: which of how many it is, from 1, the shard of each scenario of the whole run, in the order of `--list`, and the
     * SHA-256 of what these scenarios declare.
     */
    readonly shard?: {
      readonly index: number;
      readonly count: number;
      readonly scenarios: Readonly<Record<string, number>>;
      readonly digest: string;
    };
    /** Of results that were merged: ids of the runs of the shards, in their order. */
    readonly shards?: readonly string[];
    readonly startedAt: string;
    readonly endedAt: string;
    readonly milliseconds: number;
    /** From the start of the process to the first verdict that was printed; null when there was none. */
    readonly firstVerdictMilliseconds: number | null;
    readonly exitCode: number;
    /** Why the run as a whole could not do its work; null when it could. */
    readonly error: string | null;
    readonly interrupted: boolean;
  };
  readonly configuration: Readonly<Record<string, { readonly value: OptionValue | null; readonly origin: Origin }>>;
  readonly environment: {
    readonly harness: string;
    readonly node: string;
    readonly platform: string;
    readonly cluster: string;
    readonly aws: string;
    readonly region: string;
    /** Services at a URL of their own, where that is neither AWS' nor the emulator's. */
    readonly endpoints: Readonly<Record<string, string>>;
    /** The services that were there; empty when the run did not get so far. */
    readonly services: readonly string[];
    readonly clusters: readonly {
      readonly alias: string;
      readonly name: string;
      readonly facts: Readonly<Record<string, string>>;
    }[];
    /** SHA-256 of the programs and suites that took part, by name. */
    readonly digests: Readonly<Record<string, string>>;
    readonly faults: readonly string[];
    /** How the environment differs from a real one in what workloads see. */
    readonly translations: readonly string[];
  };
  /** What the harness itself asked of AWS; pods, agent and clusters not counted. Null when the run did not get so far. */
  readonly aws: { readonly calls: CallCounts } | null;
  /** Milliseconds of each phase; `arranging` and `probing` are sums over scenarios that overlapped. */
  readonly phases: {
    readonly provisioning: number;
    readonly scenarios: number;
    readonly arranging: number;
    readonly probing: number;
    readonly teardown: number;
    /** Median over all pods, from the request that creates the pod to its first report; null without pods. */
    readonly podMedian: number | null;
  };
  readonly scenarios: readonly ScenarioResult[];
  /** Of a run with a gate: in sentences, what that does not allow beside scenarios that fail, and what it could do without. */
  readonly gate?: { readonly file: string; readonly problems: readonly string[]; readonly warnings: readonly string[] };
  readonly summary: Readonly<Record<Verdict, number>> & { readonly total: number; readonly probes: number };
}

/** Whether it is a control that failed, so that denials of its scenario mean nothing. */
export const isFailedControl = ({ control, verdict }: ProbeOutcome): boolean => control && verdict === 'inconclusive';

/** Worst verdict of a scenario's probes: a failure counts more than an open question, an error of the harness most. */
export function worst(verdicts: readonly ProbeOutcome['verdict'][]): ProbeOutcome['verdict'] {
  for (const verdict of ['error', 'failed', 'inconclusive'] as const) if (verdicts.includes(verdict)) return verdict;
  return 'passed';
}

export function summarize(scenarios: readonly ScenarioResult[]): RunResults['summary'] {
  const count = (verdict: Verdict): number => scenarios.filter((scenario) => scenario.verdict === verdict).length;
  return {
    total: scenarios.length,
    passed: count('passed'),
    failed: count('failed'),
    inconclusive: count('inconclusive'),
    skipped: count('skipped'),
    error: count('error'),
    probes: scenarios.reduce(
      (sum, scenario) => sum + scenario.probes.filter((probe) => probe.observed !== null).length,
      0,
    ),
  };
}
