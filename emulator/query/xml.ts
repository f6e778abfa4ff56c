/** Members that are undefined are omitted. */
type XmlValue = string | number | boolean | XmlStructure | readonly XmlValue[] | undefined;

export interface XmlStructure {
  readonly [name: string]: XmlValue;
}

interface XmlForm {
  /** Element name inside lists. Without it, the elements have the list's name. */
  readonly listElement?: string;
  /** Escapes characters that XML cannot represent. Markup is already escaped. */
  readonly escape: (text: string) => string;
}

/** Replaces characters that XML 1.0 forbids. Line ends become references, because parsers would normalize them. */
const QUERY_PROTOCOL: XmlForm = {
  listElement: 'member',
  escape: (text) =>
    text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd').replace(/\r/g, '&#xD;'),
};
export const EC2_FORM: XmlForm = { ...QUERY_PROTOCOL, listElement: 'item' };

export function renderXml(structure: XmlStructure, form = QUERY_PROTOCOL): string {
  return Object.entries(structure)
    .map(([name, value]) => element(name, value, form))
    .join('');
}

/** Formats milliseconds since the epoch as `2024-05-01T12:00:00Z`. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function element(name: string, value: XmlValue, form: XmlForm): string {
  if (value === undefined) return '';
  if (!isList(value)) return `<${name}>${content(value, form)}</${name}>`;
  const { listElement } = form;
  const members = value.map((member) => element(listElement ?? name, member, form)).join('');
  return listElement === undefined ? members : `<${name}>${members}</${name}>`;
}

function content(value: string | number | boolean | XmlStructure, form: XmlForm): string {
  if (typeof value === 'object') return renderXml(value, form);
  return form.escape(String(value).replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character));
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
