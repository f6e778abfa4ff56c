/**
 * Descriptions of Go types, enough of them to decode and encode as Go's encoding/json does. The webhook decodes a pod
 * into Go structs and writes its containers back, so what those structs do not know is lost and what they always write
 * (`resources: {}`) appears; a patch is only the same as the webhook's when that round trip is.
 */
export type GoType =
  | { readonly kind: 'string'; readonly name: string }
  | { readonly kind: 'bool' }
  | { readonly kind: 'int32' | 'int64' }
  | { readonly kind: 'quantity' | 'intOrString' | 'time' }
  /** Kept as it is: json.RawMessage, runtime.RawExtension. */
  | { readonly kind: 'raw' }
  | { readonly kind: 'pointer'; readonly element: GoType }
  | { readonly kind: 'list'; readonly element: GoType }
  | { readonly kind: 'map'; readonly name: string; readonly element: GoType }
  | GoStruct;

export interface GoStruct {
  readonly kind: 'struct';
  /** Without its package, as in `Container`. */
  readonly name: string;
  /** In the order of declaration, which is the order of encoding. */
  readonly fields: Readonly<Record<string, GoField>>;
}

export interface GoField {
  readonly type: GoType;
  readonly omitEmpty: boolean;
  /** The embedded struct that the field comes from; Go's decoder names it in its errors. */
  readonly embeddedIn?: string;
}

type FieldOrType = GoField | GoType;

const asField = (value: FieldOrType): GoField => ('kind' in value ? { type: value, omitEmpty: false } : value);

const mapFields = (
  fields: Readonly<Record<string, FieldOrType>>,
  change: (field: GoField) => GoField,
): Record<string, GoField> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, change(asField(field))]));

export const string: GoType = { kind: 'string', name: 'string' };
export const bool: GoType = { kind: 'bool' };
export const int32: GoType = { kind: 'int32' };
export const int64: GoType = { kind: 'int64' };
export const quantity: GoType = { kind: 'quantity' };
export const intOrString: GoType = { kind: 'intOrString' };
export const time: GoType = { kind: 'time' };
export const raw: GoType = { kind: 'raw' };

/** A string type with a name of its own, as `v1.Protocol`. */
export const named = (name: string): GoType => ({ kind: 'string', name });
export const pointer = (element: GoType): GoType => ({ kind: 'pointer', element });
export const list = (element: GoType): GoType => ({ kind: 'list', element });
export const map = (element: GoType, name = `map[string]${typeName(element)}`): GoType => ({
  kind: 'map',
  name,
  element,
});

export const struct = (name: string, fields: Readonly<Record<string, FieldOrType>>): GoStruct => ({
  kind: 'struct',
  name,
  fields: mapFields(fields, (field) => field),
});

/** A field with `omitempty`: not written when it is false, 0, "", nil or an empty list or map; structs always are. */
export const optional = (type: GoType): GoField => ({ type, omitEmpty: true });

/** The fields of a struct that another embeds. */
export const embedded = (
  name: string,
  fields: Readonly<Record<string, FieldOrType>>,
): Readonly<Record<string, GoField>> => mapFields(fields, (field) => ({ ...field, embeddedIn: name }));

/** The type's name as Go's decoder prints it. */
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
    case 'quantity':
      return 'resource.Quantity';
    case 'intOrString':
      return 'intstr.IntOrString';
    case 'time':
      return 'v1.Time';
    case 'raw':
      return 'json.RawMessage';
    case 'bool':
    case 'int32':
    case 'int64':
      return type.kind;
  }
}
