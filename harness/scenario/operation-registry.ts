import * as z from 'zod';
import { nearest } from '../../foundation/node/nearest.ts';
import type { ActionStep, HarnessOperation, Operation, Step, WorkloadOperation } from './spec.ts';
import type { HarnessDescriptor, OperationDescriptor, StepDescriptor, WorkloadDescriptor } from './descriptor.ts';

/** Filled when the files of operations are loaded; not the state of a run. */
const operations = new Map<string, OperationDescriptor<Operation>>();
const steps = new Map<string, StepDescriptor<ActionStep>>();

/** A descriptor without its name; `T` is the form in scenarios. */
export type DescriptorFields<D> = Omit<D, 'name' | 'performedBy'>;

/**
 * Defines an operation of the harness and returns its builder. `build` maps a suite's arguments to members. Throws an
 * Error if the name is already defined.
 */
export function defineHarnessOperation<Args extends readonly unknown[], T extends object>(
  name: string,
  build: (...args: Args) => T,
  fields: DescriptorFields<HarnessDescriptor<T & HarnessOperation>>,
): (...args: Args) => HarnessOperation {
  define(operations, { ...fields, name, performedBy: 'harness' });
  return (...args) => ({ do: name, ...build(...args) });
}

/** Like `defineHarnessOperation`, for an operation of pods. */
export function defineWorkloadOperation<Args extends readonly unknown[], T extends object>(
  name: string,
  build: (...args: Args) => T,
  fields: DescriptorFields<WorkloadDescriptor<T & WorkloadOperation>>,
): (...args: Args) => WorkloadOperation {
  define(operations, { ...fields, name, performedBy: 'workload' });
  return (...args) => ({ do: name, ...build(...args) });
}

/** Like `defineHarnessOperation`, for a step. */
export function defineStep<Args extends readonly unknown[], T extends object>(
  name: string,
  build: (...args: Args) => T,
  fields: DescriptorFields<StepDescriptor<T & ActionStep>>,
): (...args: Args) => ActionStep {
  define(steps, { ...fields, name });
  return (...args) => ({ kind: 'action', do: name, ...build(...args) });
}

function define<D extends { readonly name: string; readonly form: object }>(
  registered: Map<string, D>,
  descriptor: D,
): void {
  if (registered.has(descriptor.name)) throw new Error(`${descriptor.name} is defined twice: rename one of them`);
  registered.set(descriptor.name, descriptor);
}

const schemas = new Map<string, z.ZodType>();

/** Returns the schema of an operation or a step with its form. */
export function schemaOf(name: string, form: object): z.ZodType {
  const schema =
    schemas.get(name) ??
    z.strictObject({ do: z.string(), kind: z.exactOptional(z.string()), ...(form as z.core.$ZodShape) });
  schemas.set(name, schema);
  return schema;
}

/** Returns a clause about an unknown step or operation; undefined if it is known. */
export function unknownName(step: Step): string | undefined {
  const [what, name, registered] =
    step.kind === 'probe'
      ? (['operation', step.operation.do, operations] as const)
      : (['step', step.do, steps] as const);
  if (registered.has(name)) return undefined;
  const near = nearest(String(name), [...registered.keys()]);
  return `unknown ${what} "${name}"${near === undefined ? ': see docs/scenarios.md' : ` (did you mean "${near}"?)`}`;
}

export const operationOf = (operation: Operation): OperationDescriptor<Operation> =>
  definitionOf(operations, operation.do);

export const stepOf = (step: ActionStep): StepDescriptor<ActionStep> => definitionOf(steps, step.do);

function definitionOf<D>(definitions: ReadonlyMap<string, D>, name: string): D {
  const definition = definitions.get(name);
  if (definition === undefined) throw new Error(`${name} is not defined`);
  return definition;
}

/** Returns the operation of a probe, or an action step itself, with its descriptor. */
export function described(step: Step): {
  readonly item: Operation;
  readonly descriptor: Pick<
    OperationDescriptor<Operation>,
    'form' | 'refersTo' | 'check' | 'waitSeconds' | 'withoutKubernetes'
  >;
} {
  return step.kind === 'probe'
    ? { item: step.operation, descriptor: operationOf(step.operation) }
    : { item: step, descriptor: stepOf(step) };
}

/** Returns the descriptor of a harness operation; undefined for an operation of pods. */
export function ofHarness(operation: Operation): HarnessDescriptor<Operation> | undefined {
  const descriptor = operationOf(operation);
  return descriptor.performedBy === 'harness' ? descriptor : undefined;
}

/** Returns the descriptor of an operation of pods; undefined for a harness operation. */
export function ofWorkload(operation: Operation): WorkloadDescriptor<Operation> | undefined {
  const descriptor = operationOf(operation);
  return descriptor.performedBy === 'workload' ? descriptor : undefined;
}
