/** What an answer's element can hold; undefined members are left out. */
type XmlValue = string | number | boolean | XmlStructure | readonly XmlValue[] | undefined;

export interface XmlStructure {
  readonly [name: string]: XmlValue;
}

interface XmlForm {
  /** Name of a list's elements inside the list's own; without it, the elements themselves have the name of the list. */
  readonly listElement?: string;
  /** What becomes of characters that XML cannot carry or parsers would change; markup is escaped already. */
  readonly escape: (text: string) => string;
}

/** Characters that XML 1.0 cannot carry are replaced; line ends are references, since parsers would normalize them. */
const QUERY_PROTOCOL: XmlForm = {
  listElement: 'member',
  escape: (text) =>
    text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd').replace(/\r/g, '&#xD;'),
};
/** EC2's protocol, which differs in the name of lists' elements. */
export const EC2_FORM: XmlForm = { ...QUERY_PROTOCOL, listElement: 'item' };

/** The elements of a structure, in the order of its members. */
export function renderXml(structure: XmlStructure, form = QUERY_PROTOCOL): string {
  return Object.entries(structure)
    .map(([name, value]) => element(name, value, form))
    .join('');
}

/** Milliseconds since the epoch in the form of the query protocol, `2024-05-01T12:00:00Z`. */
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
