import { nearest } from '../../foundation/nearest.ts';
import type { ActionStep, Operation, Step, StepOf } from '../scenario/spec.ts';
import type { HarnessDescriptor, OperationDescriptor, StepDescriptor, WorkloadDescriptor } from './descriptor.ts';

/** Definitions alone, made when their files are loaded: nothing of a run. */
const operations = new Map<string, OperationDescriptor<Operation>>();
const steps = new Map<string, StepDescriptor<ActionStep>>();

/** Makes an operation known to scenarios. Throws an Error where another has its name. */
export const defineOperation = <T extends Operation>(descriptor: OperationDescriptor<T>): void =>
  define(operations, descriptor);

/** A step as it is written in a scenario. */
export const action = <T extends StepOf<string>>(name: T['do'], details: Omit<T, 'kind' | 'do'>): T =>
  ({ kind: 'action', do: name, ...details }) as T;

/** Makes a step known to scenarios. Throws an Error where another has its name. */
export const defineStep = <T extends StepOf<string>>(descriptor: StepDescriptor<T>): void =>
  define(steps, descriptor as unknown as StepDescriptor<ActionStep>);

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
