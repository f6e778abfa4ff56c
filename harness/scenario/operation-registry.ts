import { nearest } from '../../foundation/node/nearest.ts';
import type { ActionStep, HarnessOperation, Operation, Step, WorkloadOperation } from './spec.ts';
import type { HarnessDescriptor, OperationDescriptor, StepDescriptor, WorkloadDescriptor } from './descriptor.ts';

/** Definitions alone, made when their files are loaded: nothing of a run. */
const operations = new Map<string, OperationDescriptor<Operation>>();
const steps = new Map<string, StepDescriptor<ActionStep>>();

/** What is said of an operation or a step besides its name and form; `T` is how it is written in a scenario. */
export type Said<D> = Omit<D, 'name' | 'performedBy'>;

/**
 * Makes an operation that the harness performs known to scenarios. Gives its builder: `build` makes of the suite's arguments what is
 * written in a scenario besides the name. Throws an Error where another has its name.
 */
export function defineHarnessOperation<Args extends readonly unknown[], T extends object>(
  name: string,
  build: (...args: Args) => T,
  said: Said<HarnessDescriptor<T & HarnessOperation>>,
): (...args: Args) => HarnessOperation {
  define(operations, { ...said, name, performedBy: 'harness' });
  return (...args) => ({ do: name, ...build(...args) });
}

/** As `defineHarnessOperation`, of one that pods perform. */
export function defineWorkloadOperation<Args extends readonly unknown[], T extends object>(
  name: string,
  build: (...args: Args) => T,
  said: Said<WorkloadDescriptor<T & WorkloadOperation>>,
): (...args: Args) => WorkloadOperation {
  define(operations, { ...said, name, performedBy: 'workload' });
  return (...args) => ({ do: name, ...build(...args) });
}

/** As `defineHarnessOperation`, of a step. */
export function defineStep<Args extends readonly unknown[], T extends object>(
  name: string,
  build: (...args: Args) => T,
  said: Said<StepDescriptor<T & ActionStep>>,
): (...args: Args) => ActionStep {
  define(steps, { ...said, name });
  return (...args) => ({ kind: 'action', do: name, ...build(...args) });
}

function define<D extends { readonly name: string }>(known: Map<string, D>, descriptor: D): void {
  if (known.has(descriptor.name)) throw new Error(`${descriptor.name} is defined twice: give one another name`);
  known.set(descriptor.name, descriptor);
}

/** What is wrong with the name of a step, or of the operation of a probe, in half a sentence; undefined where it is known. */
export function unknownName(step: Step): string | undefined {
  const [what, name, known] =
    step.kind === 'probe'
      ? (['operation', step.operation.do, operations] as const)
      : (['step', step.do, steps] as const);
  if (known.has(name)) return undefined;
  const near = nearest(String(name), [...known.keys()]);
  return `"${name}" is no ${what}${near === undefined ? ': see docs/scenarios.md for those that there are' : ` (did you mean "${near}"?)`}`;
}

/** The descriptor of an operation of a scenario that was loaded. */
export const operationOf = (operation: Operation): OperationDescriptor<Operation> => known(operations, operation.do);

/** The descriptor of a step of a scenario that was loaded. */
export const stepOf = (step: ActionStep): StepDescriptor<ActionStep> => known(steps, step.do);

function known<D>(definitions: ReadonlyMap<string, D>, name: string): D {
  const found = definitions.get(name);
  if (found === undefined) throw new Error(`${name} is not defined`);
  return found;
}

/** What a step of a scenario does, the operation of a probe or the change itself, with its descriptor. */
export function described(step: Step): {
  readonly item: Operation;
  readonly descriptor: Pick<OperationDescriptor<Operation>, 'refersTo' | 'check' | 'waitSeconds' | 'withoutKubernetes'>;
} {
  return step.kind === 'probe'
    ? { item: step.operation, descriptor: operationOf(step.operation) }
    : { item: step, descriptor: stepOf(step) };
}

/** The descriptor of an operation that the harness performs; undefined for one of pods. */
export function ofHarness(operation: Operation): HarnessDescriptor<Operation> | undefined {
  const descriptor = operationOf(operation);
  return descriptor.performedBy === 'harness' ? descriptor : undefined;
}

/** The descriptor of an operation that pods perform; undefined for one of the harness. */
export function ofWorkload(operation: Operation): WorkloadDescriptor<Operation> | undefined {
  const descriptor = operationOf(operation);
  return descriptor.performedBy === 'workload' ? descriptor : undefined;
}
