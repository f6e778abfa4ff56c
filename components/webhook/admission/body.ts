import { decode } from '../../go/json-decode.ts';
import { JsonSyntaxError, parseJson, type JsonNode } from '../../go/json-parse.ts';
import { goTypes } from '../../go/json-types.ts';

/** The struct without a name that Kubernetes' decoder reads an object's version and kind into. */
const TypeMeta = goTypes({ '': { 'apiVersion,omitempty': 'string', 'kind,omitempty': 'string' } })('');
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/**
 * Decodes a body as Kubernetes' universal decoder does, with its errors. What does not begin with a brace is YAML to
 * that decoder, so that an empty body is a null; of YAML, only what is one plain value or JSON is understood here.
 */
export function decodeBody(body: string): { readonly json: JsonNode } | { readonly error: string } {
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
      : { error: 'yaml: this webhook reads JSON alone' };
  }
}

const isPlainScalar = (text: string): boolean => !/^[[\]{}&*!|>'"%@`#-]|:(\s|$)|\n/.test(text);
