import { describeOperation } from '../scenario/describe.ts';
import type { ProbeStep } from '../scenario/spec.ts';
import { describeExpectation } from '../verdict/judge.ts';

/** Formats a probe with the scenario's own names: `app: GetObject s3://data/key must be granted as role app`. */
export const probeText = ({ workload, operation, expectation }: ProbeStep, identity?: string): string =>
  `${workload ?? 'harness'}: ${describeOperation(undefined, operation)} must be ${describeExpectation(expectation, identity)}`;
