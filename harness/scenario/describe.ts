import type { ActionStep, Operation } from './spec.ts';
import type { ScenarioContext } from './scenario-context.ts';
import type { Wording } from './descriptor.ts';
import { operationOf } from './operation-registry.ts';

const AS_WRITTEN: Wording = { text: (text) => text, bucket: (alias) => alias, place: (at) => at };

/** Formats an operation: `GetObject s3://data/red/key`. With a context, uses real names. */
export function describeOperation(context: ScenarioContext | undefined, operation: Operation): string {
  const descriptor = operationOf(operation);
  return [descriptor.name, ...descriptor.describe(operation, context === undefined ? AS_WRITTEN : realNames(context))]
    .filter((word) => word !== '')
    .join(' ');
}

const realNames = ({ names }: ScenarioContext): Wording => ({
  text: (text) => names.expand(text),
  bucket: (alias) => names.bucket(alias),
  place: (at) => {
    const { bucket, key } = names.place(at);
    return `${bucket}/${key}`;
  },
});

/** Formats a step: `put role policy (role app, permissions […])`. */
export function describeStep(step: ActionStep): string {
  const { kind: _kind, do: name, ...details } = step;
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  const values = Object.entries(details).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return values.length === 0 ? words : `${words} (${values.join(', ')})`;
}
