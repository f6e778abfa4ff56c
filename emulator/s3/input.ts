import { AwsError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { violationsOf } from '../constraints/violations.ts';
import type { MemberConstraints, Reader, Violation } from '../constraints/violations.ts';
import type { S3Call } from './call.ts';
import { invalidArgument, invalidRequest } from './errors.ts';
import type { KnownOperation } from './operations.ts';
import { malformedXml, parseXml } from './xml.ts';

/** The input is the call, or an element of its document. */
const READER: Reader<unknown> = {
  member: (parent, name, member, shape) => {
    if (!isJsonObject(parent)) return undefined;
    return 'call' in parent
      ? onTheWire(parent['call'] as S3Call, name, member, shape?.type === 'list')
      : parent[member.name ?? name];
  },
  items: (value, { itemName }) => {
    // A list in a header; in a document an element that holds nothing is an empty text.
    if (typeof value === 'string') return value.trim() === '' ? [] : value.split(',').map((item) => item.trim());
    const elements = itemName !== '' && isJsonObject(value) ? (value[itemName ?? ''] ?? []) : value;
    return Array.isArray(elements) ? (elements as unknown[]) : [elements];
  },
};

function onTheWire(
  { request, query }: S3Call,
  member: string,
  { name = member, in: place, shape }: MemberConstraints,
  isList: boolean,
) {
  if (place === 'querystring' && isList) return new URLSearchParams(request.query).getAll(name);
  if (place === 'querystring') return query.get(name) || undefined;
  // A header without a value counts as one that was not sent.
  if (place === 'header') return request.headers[name] || undefined;
  if ((place !== 'payload' && place !== undefined) || request.body.length === 0) return undefined;
  // S3 Control has one document that holds members of the input itself.
  if (place === undefined) return parseXml(request.body, 'TagResourceRequest')[name];
  return shape === undefined ? request.body : parseXml(request.body, name);
}

type Refusal = (value: string, name: string) => AwsError;

const argument =
  (message: string): Refusal =>
  (value, name) =>
    invalidArgument(message, name, value);

/** How S3 refuses what its API model does not have, by header or parameter (S3 API Reference, "List of error codes"). */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  // S3 has no text for it.
  'x-amz-acl': argument(''),
  'x-amz-storage-class': (value) =>
    new AwsError('InvalidStorageClass', 400, 'The storage class you specified is not valid', {
      StorageClassRequested: value,
    }),
  'x-amz-server-side-encryption': (value, name) =>
    new AwsError(
      'InvalidEncryptionAlgorithmError',
      400,
      'The Encryption request you specified is not valid. Supported value: AES256.',
      { ArgumentName: name, ArgumentValue: value },
    ),
  'x-amz-metadata-directive': argument('Unknown metadata directive.'),
  'x-amz-tagging-directive': argument('Unknown tagging directive.'),
  'x-amz-copy-source': argument('Copy Source must mention the source bucket and key: sourcebucket/sourcekey'),
  'x-amz-object-ownership': (value, name) => invalidArgument(`Invalid ${name} header: ${value}`, name, value),
  'x-amz-object-lock-mode': argument('Unknown wormMode directive.'),
  'x-amz-object-lock-legal-hold': argument("Legal Hold must be either of 'ON' or 'OFF'"),
  'x-amz-object-attributes': argument('Invalid attribute name specified.'),
  'x-amz-optional-object-attributes': argument('Invalid attribute name specified.'),
  'encoding-type': argument('Invalid Encoding Method specified in Request'),
  'max-buckets': argument('Argument max-buckets must be an integer between 1 and 10000'),
  'x-amz-sdk-checksum-algorithm': (_, name) => invalidRequest(`Value for ${name} header is invalid.`),
  'x-amz-checksum-algorithm': () =>
    invalidRequest(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: ' +
        '[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    ),
  'x-amz-checksum-type': (_, name) => invalidRequest(`Value for ${name} header is invalid.`),
};

/**
 * Checks a call against S3's API model.
 *
 * @throws AwsError `InvalidArgument` and the others above for headers and parameters, `MalformedXML` for a document
 */
export function checkInput({ model, operation }: KnownOperation, call: S3Call): void {
  const [violation] = violationsOf(model, operation, { call }, READER);
  if (violation !== undefined) throw refusal(violation);
}

function refusal({ name, in: place, value, path }: Violation): AwsError {
  const plain = value.replace(/^'|'$/g, '');
  if (place === 'payload') {
    if (value === 'null' && !path.includes('.')) {
      return new AwsError('MissingRequestBodyError', 400, 'Request Body is empty');
    }
    if (path.endsWith('.locationConstraint')) {
      return new AwsError('InvalidLocationConstraint', 400, 'The specified location-constraint is not valid', {
        LocationConstraint: plain,
      });
    }
    if (plain === '' && /\.tag(s|Set)\.\d+\.member\.key$/.test(path)) {
      return new AwsError('InvalidTag', 400, 'The TagKey you have provided is invalid', { TagKey: '' });
    }
    return malformedXml();
  }
  return REFUSALS[name]?.(plain, name) ?? invalidArgument(`Value for ${name} is not valid.`, name, plain);
}
