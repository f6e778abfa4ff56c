/**
 * Go types for encoding/json. The webhook decodes pods into Go structs and encodes their containers again, which drops
 * unknown members and adds constant ones such as `resources: {}`. Its patches depend on that.
 */
export type GoType =
  | { readonly kind: 'string'; readonly name: string }
  | { readonly kind: 'bool' }
  | { readonly kind: 'int32' | 'int64' }
  | { readonly kind: 'quantity' | 'intOrString' | 'time' }
  /** A value that is kept unchanged: json.RawMessage, runtime.RawExtension. */
  | { readonly kind: 'raw' }
  | { readonly kind: 'pointer'; readonly element: GoType }
  | { readonly kind: 'list'; readonly element: GoType }
  | { readonly kind: 'map'; readonly name: string; readonly element: GoType }
  | GoStruct;

export interface GoStruct {
  readonly kind: 'struct';
  /** The name without the package, such as `Container`. */
  readonly name: string;
  /** Fields in the order of their declaration, which is the order of encoding. */
  readonly fields: Readonly<Record<string, GoField>>;
}

export interface GoField {
  readonly type: GoType;
  readonly omitEmpty: boolean;
  /** The embedded struct that declares the field, which Go's decoder names in errors. */
  readonly embeddedIn?: string;
}

/** Declares Go structs as types by JSON tag, in order (`",inline"` embeds a struct), or as the name of another type. */
type GoDeclarations = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

const BASIC: Readonly<Record<string, GoType>> = {
  bool: { kind: 'bool' },
  int32: { kind: 'int32' },
  int64: { kind: 'int64' },
  'resource.Quantity': { kind: 'quantity' },
  'intstr.IntOrString': { kind: 'intOrString' },
  'v1.Time': { kind: 'time' },
  'json.RawMessage': { kind: 'raw' },
};

export function goTypes(declarations: GoDeclarations): (name: string) => GoType {
  const structs = new Map<string, GoStruct>();
  const typeOf = (notation: string): GoType => {
    if (notation.startsWith('*')) return { kind: 'pointer', element: typeOf(notation.slice(1)) };
    if (notation.startsWith('[]')) return { kind: 'list', element: typeOf(notation.slice(2)) };
    const [, element] = /^map\[string\](.+)$/.exec(notation) ?? [];
    if (element !== undefined) return { kind: 'map', name: notation, element: typeOf(element) };
    const declared = declarations[notation];
    if (declared === undefined) return BASIC[notation] ?? { kind: 'string', name: notation };
    if (typeof declared === 'object') return structOf(notation, declared);
    const named = typeOf(declared);
    return named.kind === 'map' ? { ...named, name: notation } : named;
  };
  const structOf = (name: string, members: Readonly<Record<string, string>>): GoStruct => {
    const cached = structs.get(name);
    if (cached) return cached;
    const fields: Record<string, GoField> = {};
    const struct: GoStruct = { kind: 'struct', name, fields };
    structs.set(name, struct);
    for (const [tag, notation] of Object.entries(members)) {
      const [member = '', option] = tag.split(',');
      const type = typeOf(notation);
      if (option !== 'inline') fields[member] = { type, omitEmpty: option === 'omitempty' };
      else if (type.kind === 'struct')
        for (const [inner, field] of Object.entries(type.fields)) fields[inner] = { ...field, embeddedIn: notation };
    }
    return struct;
  };
  return typeOf;
}

export function typeName(type: GoType): string {
  switch (type.kind) {
    case 'string':
    case 'map':
      return type.name;
    case 'pointer':
      return typeName(type.element);
    case 'list':
      return `[]${typeName(type.element)}`;
    case 'struct':
      return `v1.${type.name}`;
    default:
      return Object.keys(BASIC).find((name) => BASIC[name]?.kind === type.kind) ?? type.kind;
  }
}

/** Zero values of strings, numbers and booleans. Those of other types are nil or the empty struct. */
export const ZEROS: Readonly<Partial<Record<GoType['kind'], string | number | boolean>>> = {
  string: '',
  time: '',
  bool: false,
  int32: 0,
  int64: 0,
  intOrString: 0,
  quantity: '0',
};
