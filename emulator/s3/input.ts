import { AwsError } from '../../foundation/aws/aws-error.ts';
import { isJsonObject } from '../../foundation/node/json.ts';
import { violationsOf, type MemberConstraints, type Reader, type Violation } from '../constraints/violations.ts';
import type { S3Call } from './call.ts';
import { invalidRequest, s3Error } from './errors.ts';
import refusals from './refusals.json' with { type: 'json' };
import type { KnownOperation } from './operations.ts';
import { parseXml } from './xml.ts';

/** The call, or an element in its document. */
const READER: Reader<unknown> = {
  member: (parent, name, member, shape) => {
    if (!isJsonObject(parent)) return undefined;
    return 'call' in parent
      ? onTheWire(parent['call'] as S3Call, name, member, shape?.type === 'list')
      : parent[member.name ?? name];
  },
  items: (value, { itemName }) => {
    // A list in a header. An empty element of a document is an empty text.
    if (typeof value === 'string') return value.trim() === '' ? [] : value.split(',').map((item) => item.trim());
    const elements = itemName !== '' && isJsonObject(value) ? (value[itemName ?? ''] ?? []) : value;
    return Array.isArray(elements) ? (elements as unknown[]) : [elements];
  },
};

const CHECKSUM_MODE = 'x-amz-checksum-mode';

function onTheWire(
  { request, query }: S3Call,
  member: string,
  { name = member, in: place, shape }: MemberConstraints,
  isList: boolean,
) {
  if (place === 'querystring' && isList && query.has(name)) return new URLSearchParams(request.query).getAll(name);
  if (place === 'querystring') return query.get(name) || undefined;
  // An empty header counts as absent. The SDK for C++ sends this header in lower case, which S3 accepts.
  // Clients may escape the slash too (Go's url.PathEscape).
  if (name === 'x-amz-copy-source') return request.headers[name]?.replace(/%2f/gi, '/') || undefined;
  if (place === 'header')
    return (name === CHECKSUM_MODE ? request.headers[name]?.toUpperCase() : request.headers[name]) || undefined;
  if ((place !== 'payload' && place !== undefined) || request.body.length === 0) return undefined;
  // One of S3 Control's documents contains members of the input itself.
  if (place === undefined) return parseXml(request.body, 'TagResourceRequest')[name];
  return shape === undefined ? request.body : parseXml(request.body, name);
}

/** S3's errors for input that violates the API model (S3 API Reference, "List of error codes"). */
const REFUSALS: Readonly<Record<string, { readonly code?: string; readonly text: string }>> = refusals;

/** Throws `InvalidArgument`, the errors above, or `MalformedXML`. */
export function checkInput({ model, operation }: KnownOperation, call: S3Call): void {
  const [violation] = violationsOf(model, operation, { call }, READER);
  if (violation !== undefined) throw refusal(violation);
}

function refusal({ name, in: place, value, path }: Violation): AwsError {
  const plain = value.replace(/^'|'$/g, '');
  if (place === 'payload') {
    if (value === 'null' && !path.includes('.')) return s3Error('MissingRequestBodyError');
    if (path.endsWith('.locationConstraint')) {
      return s3Error('InvalidLocationConstraint', { LocationConstraint: plain });
    }
    if (plain === '' && /\.tag(s|Set)\.\d+\.member\.key$/.test(path)) {
      return new AwsError('InvalidTag', 400, 'The TagKey you have provided is invalid', { TagKey: '' });
    }
    return s3Error('MalformedXML');
  }
  const { code = 'InvalidArgument', text } = REFUSALS[name] ?? { text: 'Value for {name} is not valid.' };
  const message = text.replace('{name}', name).replace('{value}', plain);
  if (code === 'InvalidRequest') return invalidRequest(message);
  if (code === 'InvalidStorageClass') return s3Error(code, { StorageClassRequested: plain });
  return new AwsError(code, 400, message, { ArgumentName: name, ArgumentValue: plain });
}
