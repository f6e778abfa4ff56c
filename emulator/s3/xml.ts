import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { isJsonObject, type JsonObject } from '../../foundation/node/json.ts';
import type { ServiceResponse } from '../core/service.ts';
import { renderXml, type XmlStructure } from '../query/xml.ts';
import { s3Error } from './errors.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function xmlDocument(root: string, content: XmlStructure): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${elements(content)}</${root}>`;
}

export function xmlAnswer(root: string, content: XmlStructure, headers: Record<string, string> = {}): ServiceResponse {
  return { status: 200, headers, body: xmlDocument(root, content) };
}

/** Returns an error document, which has no namespace. */
export function xmlError(content: XmlStructure): string {
  return `${DECLARATION}<Error>${elements(content)}</Error>`;
}

/** Formats milliseconds since the epoch as S3 does, without a fraction: `2024-05-01T12:00:00.000Z`. */
export function isoTime(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString();
}

/** S3 returns control characters in keys as references. */
function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`);
}

function elements(content: XmlStructure): string {
  return renderXml(content, { escape: escapeControls });
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  // The parser only reads character references (`&#39;`, as Go's SDK writes) with HTML's names enabled.
  htmlEntities: true,
  removeNSPrefix: true,
  isArray: (name) => name === 'Object' || name === 'Tag' || name === 'Part',
});

/** Returns the element `root`. Texts are strings, `''` for an empty element. Throws `MalformedXML`. */
export function parseXml(body: Buffer, root: string): JsonObject {
  const text = body.toString('utf8');
  // A document type could define entities. S3 rejects them too.
  if (text.includes('<!DOCTYPE') || text.includes('<!ENTITY') || XMLValidator.validate(text) !== true) {
    throw s3Error('MalformedXML');
  }
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch {
    throw s3Error('MalformedXML');
  }
  const rootElement = isJsonObject(document) ? document[root] : undefined;
  if (rootElement === undefined) throw s3Error('MalformedXML');
  return isJsonObject(rootElement) ? rootElement : {};
}
