import { decode } from '../../go/json-decode.ts';
import { JsonSyntaxError, parseJson, type JsonNode } from '../../go/json-parse.ts';
import { stringify, type Encoded } from '../../go/json-encode.ts';
import { AdmissionReview, Pod as PodType, type Pod } from '../kubernetes-types.ts';
import type { PatchOperation } from '../mutation/patch.ts';
import { goTypes } from '../../go/json-types.ts';

interface DecodedReview {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly request?: { readonly uid?: string; readonly namespace?: string; readonly object?: JsonNode };
}

/** An admission review, with the members that its response must repeat. */
export interface Review {
  readonly kind: string;
  readonly apiVersion: string;
  readonly uid: string;
  readonly namespace: string;
  readonly pod: { readonly value: Pod } | { readonly error: string };
}

/** Reads the body of an admission request. Returns errors in `pod.error`. */
export function readReview(body: string): Review {
  const decoded = decodeBody(body);
  if ('error' in decoded) return { kind: '', apiVersion: '', uid: '', namespace: '', pod: decoded };
  const review = decode<DecodedReview | undefined>(AdmissionReview, decoded.json, { caseSensitive: true });
  const { kind = '', apiVersion = '', request } = review.value ?? {};
  return {
    kind,
    apiVersion,
    uid: request?.uid ?? '',
    namespace: request?.namespace ?? '',
    pod: review.error === undefined ? readPod(request) : { error: review.error },
  };
}

function readPod(request: DecodedReview['request']): Review['pod'] {
  if (request === undefined) return { error: 'bad content' };
  // Go decodes a null object to no bytes.
  if (request.object === undefined) return { error: 'unexpected end of JSON input' };
  const pod = decode<Pod>(PodType, request.object);
  return pod.error === undefined ? { value: pod.value } : { error: pod.error };
}

type AdmissionDecision =
  | { readonly allowed: false; readonly message: string }
  | { readonly allowed: true; readonly patch?: readonly PatchOperation[] };

export function writeReview(review: Review, answer: AdmissionDecision): string {
  const response: Encoded = {
    uid: review.uid,
    allowed: answer.allowed,
    ...(answer.allowed ? patchMembers(answer.patch) : { status: { metadata: {}, message: answer.message } }),
  };
  return stringify({ kind: review.kind || undefined, apiVersion: review.apiVersion || undefined, response });
}

function patchMembers(patch: readonly PatchOperation[] | undefined): { readonly [key: string]: Encoded } {
  if (patch === undefined) return {};
  const text = stringify(patch.map(({ op, path, value }) => ({ op, path, value })));
  return { patch: Buffer.from(text).toString('base64'), patchType: 'JSONPatch' };
}

/** The unnamed struct with version and kind in Kubernetes's decoder. */
const TypeMeta = goTypes({ '': { 'apiVersion,omitempty': 'string', 'kind,omitempty': 'string' } })('');
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/**
 * Decodes a body like Kubernetes's universal decoder, with its errors. Bodies without a brace are YAML, and empty ones
 * are null. Only supports YAML that is a plain value or JSON.
 */
function decodeBody(body: string): { readonly json: JsonNode } | { readonly error: string } {
  const parsed = parse(body.replace(/^\ufeff/, ''));
  if ('error' in parsed) return parsed;
  const typeMeta = decode<{ readonly apiVersion?: string } | undefined>(TypeMeta, parsed.json);
  if (typeMeta.error !== undefined) {
    return { error: `couldn't get version/kind; json parse error: ${typeMeta.error.replace(/v1\.$/, TYPE_META)}` };
  }
  const apiVersion = typeMeta.value?.apiVersion ?? '';
  if (apiVersion.split('/').length > 2) return { error: `unexpected GroupVersion string: ${apiVersion}` };
  return parsed;
}

function parse(body: string): { readonly json: JsonNode } | { readonly error: string } {
  const text = body.replace(/^---\s*\n/, '').trim();
  if (text === '') return { json: { kind: 'null' } };
  try {
    return { json: parseJson(text) };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    if (text.startsWith('{')) return { error: `couldn't get version/kind; json parse error: ${error.message}` };
    return isPlainScalar(text)
      ? { json: { kind: 'string', raw: text, value: text } }
      : { error: 'yaml: this webhook only supports JSON' };
  }
}

const isPlainScalar = (text: string): boolean => !/^[[\]{}&*!|>'"%@`#-]|:(\s|$)|\n/.test(text);
