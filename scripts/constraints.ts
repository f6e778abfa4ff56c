/**
 * Writes emulator/constraints/constraints.json anew: what the API models of botocore (Apache-2.0), at the version that
 * test/contract/requirements.txt leads to, demand of the input of each operation that the emulator has (`npm run constraints`).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { format } from 'prettier';
import type { Constraints, MemberConstraints, ShapeConstraints } from '../emulator/constraints/violations.ts';
import { ROUTES as EKS_ROUTES } from '../emulator/eks/routes.ts';
import { OPERATIONS as IAM } from '../emulator/iam/api/service.ts';
import { CONTROL_OPERATIONS as S3_CONTROL, OPERATIONS as S3 } from '../emulator/s3/operations.ts';
import { OPERATIONS as STS } from '../emulator/sts/service.ts';

/** A member or the element of a list, as the models write it. */
interface Reference {
  readonly shape: string;
  readonly location?: 'uri' | 'header' | 'headers' | 'querystring';
  readonly locationName?: string;
}

interface ModelShape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, Reference>>;
  readonly member?: Reference;
  readonly key?: Reference;
  readonly value?: Reference;
  readonly payload?: string;
  readonly flattened?: boolean;
  readonly sensitive?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

interface Model {
  readonly operations: Readonly<Record<string, { readonly input?: Reference }>>;
  readonly shapes: Readonly<Record<string, ModelShape>>;
}

/** The operations that the emulator has, by the name of their service. */
export const EMULATED: Readonly<Record<string, readonly string[]>> = {
  iam: Object.keys(IAM),
  sts: Object.keys(STS),
  eks: EKS_ROUTES.map(({ operation }) => operation),
  'eks-auth': ['AssumeRoleForPodIdentity'],
  s3: Object.keys(S3),
  s3control: Object.keys(S3_CONTROL),
};

/** Shapes that demand nothing are left out, and with them all that leads to them alone. */
function constraintsOf(model: Model, operations: readonly string[]): Constraints {
  const shapes: Record<string, ShapeConstraints> = {};
  const add = (reference: Reference | undefined, above: readonly string[] = []): string | undefined => {
    if (reference === undefined || above.includes(reference.shape)) return undefined;
    const name = reference.shape;
    const shape = model.shapes[name];
    if (shape === undefined || shapes[name] !== undefined) return shape && name;
    const inner = (part: Reference | undefined) => add(part, [...above, name]);
    const constraints = shapeConstraints(shape, inner);
    if (constraints === undefined) return undefined;
    shapes[name] = constraints;
    return name;
  };
  const inputs = operations.map((operation) => {
    const found = model.operations[operation];
    if (found === undefined) throw new Error(`botocore's model has no operation ${operation}`);
    return [operation, add(found.input) ?? null] as const;
  });
  return { operations: sorted(inputs), shapes: sorted(Object.entries(shapes)) };
}

function shapeConstraints(
  shape: ModelShape,
  inner: (part: Reference | undefined) => string | undefined,
): ShapeConstraints | undefined {
  const { min, max, pattern, sensitive } = shape;
  const members = Object.entries(shape.members ?? {}).flatMap(([name, reference]) => {
    const member = memberConstraints(shape, name, reference, inner(reference));
    return member === undefined ? [] : [[name, member] as const];
  });
  const [item, key, value] = [inner(shape.member), inner(shape.key), inner(shape.value)];
  const demands = {
    // Nothing is shorter than 0, but a number may be less.
    ...(min !== undefined && (min > 0 || isNumber(shape)) && { min }),
    ...(max !== undefined && { max }),
    ...(pattern !== undefined && { pattern: portable(pattern) }),
    ...(shape.enum && { enum: shape.enum }),
    ...(members.length > 0 && { members: Object.fromEntries(members) }),
    ...(item !== undefined && { item }),
    ...(key !== undefined && { key }),
    ...(value !== undefined && { value }),
  };
  if (Object.keys(demands).length === 0) return undefined;
  return {
    ...(shape.type !== 'string' && { type: shape.type }),
    ...demands,
    ...(sensitive && { sensitive }),
    ...(shape.type === 'list' && { itemName: shape.flattened ? '' : (shape.member?.locationName ?? 'member') }),
  };
}

function isNumber({ type }: ModelShape): boolean {
  return type === 'integer' || type === 'long';
}

/** Members of a path are there wherever the path is one of the operation. */
function memberConstraints(
  { required, payload }: ModelShape,
  name: string,
  { location, locationName }: Reference,
  shape: string | undefined,
): MemberConstraints | undefined {
  const needed = location !== 'uri' && (required?.includes(name) ?? false);
  if (shape === undefined && !needed) return undefined;
  const place = name === payload ? 'payload' : location;
  return {
    ...(shape !== undefined && { shape }),
    ...(needed && { required: true }),
    ...(place !== undefined && { in: place }),
    ...(locationName !== undefined && location !== 'uri' && locationName !== name && { name: locationName }),
  };
}

/** Without the escapes that Java's regular expressions take and JavaScript's with Unicode do not. */
function portable(pattern: string): string {
  return pattern.replace(/\\([:@,])/g, '$1');
}

function sorted<Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readModel(botocore: string, service: string): Model {
  const folder = join(botocore, 'data', service);
  const version = readdirSync(folder).sort().at(-1) ?? '';
  return JSON.parse(gunzipSync(readFileSync(join(folder, version, 'service-2.json.gz'))).toString()) as Model;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { contractTools } = (await import(pathToFileURL(join(root, 'scripts', 'contract-tools.js')).href)) as {
    contractTools: () => { bin: string } | { missing: string };
  };
  const tools = contractTools();
  if ('missing' in tools) throw new Error(`The models cannot be read: ${tools.missing}.`);
  const [library = ''] = readdirSync(join(tools.bin, '..', 'lib'));
  const botocore = join(tools.bin, '..', 'lib', library, 'site-packages', 'botocore');
  const table = Object.entries(EMULATED).map(
    ([service, operations]) => [service, constraintsOf(readModel(botocore, service), operations)] as const,
  );
  const path = join(root, 'emulator', 'constraints', 'constraints.json');
  writeFileSync(path, await format(JSON.stringify(Object.fromEntries(table)), { filepath: path, printWidth: 120 }));
}
