const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(
  `^\\s*${TOKEN}(/${TOKEN})?\\s*(;\\s*${TOKEN}\\s*=\\s*(${TOKEN}|"([^"\\\\]|\\\\.)*")\\s*)*;?\\s*$`,
);

/**
 * Whether Go's Request.ParseForm, which the webhook calls ahead of all else, accepts a request: its query, and of one
 * with a body also the content type and a form.
 */
export function parsesAsForm(method: string, contentType: string, query: string, body: string): boolean {
  if (!isQuery(query)) return false;
  if (!['POST', 'PUT', 'PATCH'].includes(method) || contentType === '') return true;
  if (!MEDIA_TYPE.test(contentType)) return false;
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase();
  return mediaType !== 'application/x-www-form-urlencoded' || isQuery(body);
}

const isQuery = (text: string): boolean => !text.includes(';') && !/%(?![0-9a-fA-F]{2})/.test(text);
