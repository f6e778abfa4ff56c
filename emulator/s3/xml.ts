import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ServiceResponse } from '../core/service.ts';
import { renderXml, type XmlStructure } from '../query/xml.ts';
import { s3Error } from './errors.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A document with one root in S3's namespace. */
export function xmlDocument(root: string, content: XmlStructure): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${elements(content)}</${root}>`;
}

export function xmlAnswer(root: string, content: XmlStructure, headers: Record<string, string> = {}): ServiceResponse {
  return { status: 200, headers, body: xmlDocument(root, content) };
}

/** The error document, which has no namespace. */
export function xmlError(content: XmlStructure): string {
  return `${DECLARATION}<Error>${elements(content)}</Error>`;
}

/** Milliseconds since the epoch in S3's form, which has no fraction of a second: `2024-05-01T12:00:00.000Z`. */
export function isoTime(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString();
}

/** Control characters become references, as S3 answers keys that hold them (clients ask for `encoding-type=url` then). */
function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`);
}

/** Lists are several elements of one name. */
function elements(content: XmlStructure): string {
  return renderXml(content, { escape: escapeControls });
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
  isArray: (name) => name === 'Object' || name === 'Tag' || name === 'Part',
});

/**
 * The element `root` of a request's document. Text is a string; an element with neither text nor children is `''`.
 * @throws AwsError `MalformedXML` when the body is not XML or has another root
 */
export function parseXml(body: Buffer, root: string): JsonObject {
  const text = body.toString('utf8');
  // A document type could define entities; S3 refuses them too.
  if (text.includes('<!DOCTYPE') || text.includes('<!ENTITY') || XMLValidator.validate(text) !== true) {
    throw s3Error('MalformedXML');
  }
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch {
    throw s3Error('MalformedXML');
  }
  const found = isJsonObject(document) ? document[root] : undefined;
  if (found === undefined) throw s3Error('MalformedXML');
  return isJsonObject(found) ? found : {};
}
