import definitions from './constraints.json' with { type: 'json' };

/** Constraints of a structure's member. `in` and `name` are its place on the wire, if not its own name. */
export interface MemberConstraints {
  readonly shape?: string;
  readonly required?: boolean;
  readonly in?: 'uri' | 'header' | 'headers' | 'querystring' | 'payload';
  readonly name?: string;
}

/** Constraints of a shape's values. A shape without a type is a string. */
export interface ShapeConstraints {
  readonly type?: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly sensitive?: boolean;
  readonly members?: Readonly<Record<string, MemberConstraints>>;
  readonly item?: string;
  /** Name of a list's elements in XML; empty if the elements have the list's name. */
  readonly itemName?: string;
  readonly key?: string;
  readonly value?: string;
}

/** Constraints of the inputs of a service's operations. `null` means no constraints. */
interface Constraints {
  readonly operations: Readonly<Record<string, string | null>>;
  readonly shapes: Readonly<Record<string, ShapeConstraints>>;
}

/** Written by `npm run constraints` from botocore's models. */
export const CONSTRAINTS = definitions as Readonly<Record<string, unknown>> as Readonly<Record<string, Constraints>>;

const PATTERNS: ReadonlyMap<string, RegExp> = new Map(
  Object.values(CONSTRAINTS)
    .flatMap(({ shapes }) => Object.values(shapes))
    .flatMap(({ pattern }) => (pattern === undefined ? [] : [[pattern, new RegExp(`^(?:${pattern})$`, 'u')] as const])),
);

export interface Violation {
  /** The input member's name on the wire. */
  readonly name: string;
  readonly in: MemberConstraints['in'];
  /** For example `tags.1.member.key`. */
  readonly path: string;
  /** The value in quotes, or `null`; empty for a secret. */
  readonly value: string;
  /** For example `Member must not be null`. */
  readonly constraint: string;
}

/** Reads a protocol's input: the members of structures and the elements of lists. */
export interface Reader<Input> {
  readonly member: (
    parent: Input,
    name: string,
    constraints: MemberConstraints,
    shape: ShapeConstraints | undefined,
    item: ShapeConstraints | undefined,
  ) => unknown;
  readonly items: (value: unknown, shape: ShapeConstraints) => readonly unknown[];
}

/** Returns violations of the service's API model, in the order of the model's members. */
export function violationsOf<Input>(
  service: string,
  operation: string,
  input: Input,
  reader: Reader<Input>,
): readonly Violation[] {
  const { operations = {}, shapes = {} } = CONSTRAINTS[service] ?? {};
  const ofMember = memberCheck(shapes, reader);
  const violations: Violation[] = [];
  for (const [name, member] of Object.entries(shapes[operations[operation] ?? '']?.members ?? {})) {
    for (const violation of ofMember(input, name, member, camelCase(name))) {
      violations.push({ ...violation, name: member.name ?? name, in: member.in });
    }
  }
  return violations;
}

/** Returns "1 validation error detected: …", the text that most AWS services use. */
export function validationText(violations: readonly Found[]): string {
  const [count, errors] = [violations.length, violations.length === 1 ? 'error' : 'errors'];
  const descriptions = violations.map(({ path, value, constraint }) => {
    return `Value ${value === '' ? '' : `${value} `}at '${path}' failed to satisfy constraint: ${constraint}`;
  });
  return `${count} validation ${errors} detected: ${descriptions.join('; ')}`;
}

type Found = Pick<Violation, 'path' | 'value' | 'constraint'>;

function memberCheck<Input>(shapes: Constraints['shapes'], reader: Reader<Input>) {
  function ofMember(parent: Input, name: string, member: MemberConstraints, path: string): readonly Found[] {
    const shape = shapes[member.shape ?? ''];
    const value = reader.member(parent, name, member, shape, shapes[shape?.item ?? '']) ?? undefined;
    if (value === undefined) {
      return member.required ? [{ path, value: 'null', constraint: 'Member must not be null' }] : [];
    }
    return shape === undefined ? [] : ofValue(shape, value, path);
  }

  function ofValue(shape: ShapeConstraints, value: unknown, path: string): readonly Found[] {
    switch (shape.type) {
      case 'structure':
        return Object.entries(shape.members ?? {}).flatMap(([name, member]) =>
          ofMember(value as Input, name, member, `${path}.${camelCase(name)}`),
        );
      case 'list':
        return ofList(shape, reader.items(value, shape), path);
      case 'map':
        return typeof value === 'object' ? ofMap(shape, Object.entries(value ?? {}), path) : [];
      default:
        return broken(shape, value).map((constraint) => ({
          path,
          value: shape.sensitive ? '' : `'${String(value)}'`,
          constraint,
        }));
    }
  }

  function ofList(shape: ShapeConstraints, items: readonly unknown[], path: string): readonly Found[] {
    const item = shapes[shape.item ?? ''];
    const structures = item?.type === 'structure';
    const all = { path, value: `'[${structures ? '…' : items.join(', ')}]'` };
    const sizes = broken(shape, items.length).map((constraint) => ({ ...all, constraint }));
    if (structures) {
      return sizes.concat(items.flatMap((value, index) => ofValue(item, value, `${path}.${index + 1}.member`)));
    }
    const bad = item !== undefined && items.some((value) => broken(item, value).length > 0);
    return bad ? [...sizes, { ...all, constraint: `Member must satisfy constraint: ${demands(item)}` }] : sizes;
  }

  function ofMap(
    shape: ShapeConstraints,
    entries: readonly (readonly [string, unknown])[],
    path: string,
  ): readonly Found[] {
    const value = `'{${entries.map(([key, text]) => `${key}=${String(text)}`).join(', ')}}'`;
    const constraints = [...broken(shape, entries.length)];
    const [key, inner] = [shapes[shape.key ?? ''], shapes[shape.value ?? '']];
    if (key && entries.some(([name]) => broken(key, name).length > 0)) {
      constraints.push(`Map keys must satisfy constraint: ${demands(key)}`);
    }
    if (inner && entries.some(([, text]) => broken(inner, text).length > 0)) {
      constraints.push(`Map value must satisfy constraint: ${demands(inner)}`);
    }
    return constraints.map((constraint) => ({ path, value, constraint }));
  }

  return ofMember;
}

/** Returns the violated constraints of a value. Checks lists and maps by size; ignores other types. */
function broken(shape: ShapeConstraints, value: unknown): readonly string[] {
  const { min = 0, max = Infinity, pattern = '' } = shape;
  const isText = shape.type === undefined;
  const measured = isText ? (typeof value === 'string' ? [...value].length : undefined) : numberOf(value);
  if (measured === undefined) return [];
  const text = isText ? String(value) : '';
  const checks = [measured >= min, measured <= max, PATTERNS.get(pattern)?.test(text), shape.enum?.includes(text)];
  return checks.includes(false) ? wordings(shape).filter((_, index) => checks[index] === false) : [];
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : undefined;
}

function wordings({ type, min, max, pattern }: ShapeConstraints): readonly string[] {
  const measure = type === 'integer' || type === 'long' ? 'value' : 'length';
  return [
    `Member must have ${measure} greater than or equal to ${min}`,
    `Member must have ${measure} less than or equal to ${max}`,
    `Member must satisfy regular expression pattern: ${pattern}`,
    'Member must satisfy enum value set',
  ];
}

function demands(shape: ShapeConstraints): string {
  const bounds = [shape.min, shape.max, shape.pattern, shape.enum];
  return `[${wordings(shape)
    .filter((_, index) => bounds[index] !== undefined)
    .join(', ')}]`;
}

function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
