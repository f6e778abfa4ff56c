/** What an answer's element can hold; undefined members are left out. */
export type XmlValue = string | number | boolean | XmlStructure | readonly XmlValue[] | undefined;

export interface XmlStructure {
  readonly [name: string]: XmlValue;
}

/** The elements of a structure, in the order of its members. Those of lists have the name `listElement`. */
export function renderXml(structure: XmlStructure, listElement = 'member'): string {
  return Object.entries(structure)
    .map(([name, value]) => element(name, value, listElement))
    .join('');
}

/** Milliseconds since the epoch in the form of the query protocol, `2024-05-01T12:00:00Z`. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function element(name: string, value: XmlValue, listElement: string): string {
  if (value === undefined) return '';
  return `<${name}>${content(value, listElement)}</${name}>`;
}

function content(value: Exclude<XmlValue, undefined>, listElement: string): string {
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isList(value)) return value.map((member) => element(listElement, member, listElement)).join('');
  return renderXml(value, listElement);
}

function isList(value: XmlStructure | readonly XmlValue[]): value is readonly XmlValue[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 cannot carry are replaced; line ends are references, since parsers would normalize them. */
function escape(text: string): string {
  return text

    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replace(/\r/g, '&#xD;');
}
