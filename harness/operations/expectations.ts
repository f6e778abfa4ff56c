import type { FactMatcher } from '../../foundation/protocols/probe-protocol.ts';
import type { Expectation, HarnessOperation, Operation, ProbeStep, WorkloadOperation } from '../scenario/spec.ts';

type Details = Omit<Expectation, 'outcome'>;
type DetailsOfDenial = Details & { readonly by: NonNullable<Expectation['by']> };

function probe(
  outcome: Expectation['outcome'],
  workload: string | undefined,
  operation: Operation,
  details: Details,
  control = false,
): ProbeStep {
  return { kind: 'probe', workload, operation, expectation: { outcome, ...details }, control };
}

/** Expects that the operation succeeds with the workload's role (or with `as`). */
export const granted = (workload: string, operation: WorkloadOperation, details: Details = {}): ProbeStep =>
  probe('granted', workload, operation, details);
/** Like `granted`, but as the control of a denial: if it fails, the scenario is inconclusive. */
export const control = (workload: string, operation: WorkloadOperation, details: Details = {}): ProbeStep =>
  probe('granted', workload, operation, details, true);
/** The workload gets no credentials. `by`: the layer that refuses; `code`: its error code. */
export const refused = (workload: string, operation: WorkloadOperation, details: DetailsOfDenial): ProbeStep =>
  probe('refused', workload, operation, details);
/** The workload has credentials, and the service answers 403. */
export const denied = (workload: string, operation: WorkloadOperation, details: DetailsOfDenial): ProbeStep =>
  probe('denied', workload, operation, details);
/** S3 authorizes the call and says that the object does not exist (404). */
export const absent = (workload: string, operation: WorkloadOperation, details: Details = {}): ProbeStep =>
  probe('absent', workload, operation, details);

/** Expects that an operation of the harness succeeds, with these facts. */
export const succeeds = (operation: HarnessOperation, facts: Readonly<Record<string, FactMatcher>> = {}): ProbeStep =>
  probe('granted', undefined, operation, { facts });
export const fails = (operation: HarnessOperation, details: DetailsOfDenial): ProbeStep =>
  probe('refused', undefined, operation, details);
export const controlSucceeds = (
  operation: HarnessOperation,
  facts: Readonly<Record<string, FactMatcher>> = {},
): ProbeStep => probe('granted', undefined, operation, { facts }, true);

export const isAbsent: FactMatcher = { absent: true };
export const between = (low: number, high: number): FactMatcher => ({ between: [low, high] });
export const matching = (pattern: RegExp): FactMatcher => ({ matches: pattern.source });
