import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { AwsError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { renderXml, type XmlStructure } from '../query/xml.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A document with one root in S3's namespace. */
export function xmlDocument(root: string, content: XmlStructure): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${elements(content)}</${root}>`;
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
    throw malformedXml();
  }
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch {
    throw malformedXml();
  }
  const found = isJsonObject(document) ? document[root] : undefined;
  if (found === undefined) throw malformedXml();
  return isJsonObject(found) ? found : {};
}

export function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
