import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { AwsError } from '../core/errors.ts';

/** XML as a value: text, an element's children by name, or several elements of one name. Undefined children are left out. */
export type XmlValue = string | number | boolean | undefined | XmlElements | readonly XmlValue[];
export interface XmlElements {
  readonly [name: string]: XmlValue;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A document with one root in S3's namespace. */
export function xmlDocument(root: string, content: XmlElements): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${elements(content)}</${root}>`;
}

/** The error document, which has no namespace. */
export function xmlError(content: XmlElements): string {
  return `${DECLARATION}<Error>${elements(content)}</Error>`;
}

function elements(content: XmlElements): string {
  return Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item: XmlValue) => element(name, item)).join('');
  if (typeof value === 'object') return `<${name}>${elements(value as XmlElements)}</${name}>`;
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters become references, as S3 answers keys that hold them (clients ask for `encoding-type=url` then). */
function escapeXml(text: string): string {
  return text.replace(/[&<>"\u0000-\u001f\u007f]/g, (character) => {
    return ESCAPES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`;
  });
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  // The parser reads character references (`&#39;`, which Go's SDK writes for an apostrophe) only together with HTML's names.
  htmlEntities: true,
  removeNSPrefix: true,
  isArray: (name) => name === 'Object' || name === 'Tag',
});

/** An element that was read. Text is a string; an element with neither text nor children is `''`. */
export interface ParsedElement {
  readonly [name: string]: unknown;
}

/**
 * The element `root` of a request's document.
 * @throws AwsError `MalformedXML` when the body is not XML or has another root
 */
export function parseXml(body: Buffer, root: string): ParsedElement {
  const text = body.toString('utf8');
  // A document type could define entities; S3 refuses them too.
  if (text.includes('<!DOCTYPE') || text.includes('<!ENTITY') || XMLValidator.validate(text) !== true) {
    throw malformedXml();
  }
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch {
    throw malformedXml();
  }
  const found = isElement(document) ? document[root] : undefined;
  if (found === undefined) throw malformedXml();
  return isElement(found) ? found : {};
}

export function isElement(value: unknown): value is ParsedElement {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
