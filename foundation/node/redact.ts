const REDACTED = '[redacted]';

/** Removes secrets from texts and values. `redactor` creates one that also knows a scenario's secrets. */
export interface Redactor {
  readonly text: (text: string) => string;
  /** Redacts every text in a JSON value, and every value under a secret name. */
  readonly value: <T>(value: T) => T;
}

/** Shorter values are not secrets and occur in ordinary words. */
const LEAST_LENGTH = 8;

/** @param known secret values, such as minted tokens; also found in Base64, as in a Secret. */
export function redactor(secrets: Iterable<string> = []): Redactor {
  const exact = [...new Set(secrets)]
    .filter((secret) => secret.length >= LEAST_LENGTH)
    .flatMap((secret) => [secret, Buffer.from(secret).toString('base64')])
    .sort((a, b) => b.length - a.length);
  const text = (given: string): string => {
    let result = given;
    for (const secret of exact) result = result.replaceAll(secret, REDACTED);
    return redactPatterns(result);
  };
  /** @param seen texts with their results: the same names and policies occur many times */
  const within = (given: unknown, seen: Map<string, string>): unknown => {
    if (typeof given === 'string') {
      const result = seen.get(given) ?? text(given);
      seen.set(given, result);
      return result;
    }
    if (Array.isArray(given)) return given.map((item) => within(item, seen));
    if (!isPlain(given)) return given;
    // An environment variable, with a name and a value.
    const isVariable = typeof given['name'] === 'string' && isSecretName(given['name']);
    return Object.fromEntries(
      Object.entries(given).map(([key, item]) => [
        key,
        typeof item === 'string' && (isSecretName(key) || (isVariable && key === 'value'))
          ? REDACTED
          : within(item, seen),
      ]),
    );
  };
  return { text, value: <T>(given: T): T => within(given, new Map()) as T };
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

const SECRET_NAME =
  /(?:secret_?(?:access_?)?key|(?:session|security|authorization|access|refresh|bearer|id)_?token|(?:^|[._-])token|authorization|password|(?:client|[._-])_?secret|private_?key)$/i;

/** Whether a field or variable of that name contains a secret. Names of files (`…_TOKEN_FILE`) contain a path. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

type Rule = readonly [pattern: RegExp, replacement: string];

/** Applied in this order: whole values before parts. */
const RULES: readonly Rule[] = [
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, REDACTED],
  // A header in a dump, with its whole value in any scheme. Prose such as "authorization: none" stays.
  [
    /(\bauthorization\\?["']?\s*[:=]\s*\[?\\?["']?)(?:(?:Bearer|Basic|AWS4-HMAC-SHA256)\s[^\r\n"'\]\\]+|[^\s"'\]\\]{16,})/gi,
    `$1${REDACTED}`,
  ],
  [/(\bBearer\s+)[A-Za-z0-9._~+/-]{20,}=*/gi, `$1${REDACTED}`],
  // A named field in JSON (also escaped), XML, a query string or a settings file.
  [
    /((?:secret[_-]?access[_-]?key|(?:session|security)[_-]?token|(?<![A-Za-z])token|password|client[_-]?secret)\\?["']?\s*(?:[:=]|>)\s*\\?["']?)(?!\[redacted)[^\s"'\\<>,;}&]{16,}/gi,
    `$1${REDACTED}`,
  ],
  // A password in a URL, as in the variables of proxies.
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/"'\\]*:)[^\s@/"'\\]+@/gi, `$1${REDACTED}@`],
  [/\bk8s-aws-v1\.[\w-]+/g, REDACTED],
  // JSON web tokens, also truncated ones. They begin with `{"` in Base64.
  [/\bey[JA][\w-]{8,}(?:\.[\w-]*){0,2}/g, REDACTED],
  // The same, encoded in Base64 again, as in the data of a Secret.
  [/\bZXlK[A-Za-z0-9+/]{20,}={0,2}/g, REDACTED],
  // AWS session tokens.
  [/\b(?:IQoJ|FwoG|FQoG|AQoD|AgoJ)[A-Za-z0-9+/=%_-]{20,}/g, REDACTED],
  // Signature Version 4, presigned or in a header.
  [/\b((?:X-Amz-)?Signature=)[0-9a-f]{16,}/gi, `$1${REDACTED}`],
  // Secret access keys: 40 characters of Base64 that are neither a digest nor a word.
  [
    /(?<![\w/+=.-])(?=[A-Za-z0-9/+]{0,39}[0-9])(?=[A-Za-z0-9/+]{0,39}[a-z])(?=[A-Za-z0-9/+]{0,39}[A-Z])[A-Za-z0-9/+]{40}(?![\w/+=-])/g,
    REDACTED,
  ],
  // Access key ids are not secret. The last characters suffice to distinguish them.
  [/\b(AKIA|ASIA)[A-Z0-9]{8,}([A-Z0-9]{4})\b/g, '$1…$2'],
];

/** Redacts all data of a Kubernetes Secret, even if the text was truncated. */
const SECRET_OBJECT = /"kind"\s*:\s*"Secret(?:List)?"/;
const SECRET_DATA = /("(?:data|stringData)"\s*:\s*)\{[^{}]*(?:\}|$)/g;

function redactPatterns(text: string): string {
  let result = SECRET_OBJECT.test(text) ? text.replace(SECRET_DATA, `$1"${REDACTED}"`) : text;
  for (const [pattern, replacement] of RULES) result = result.replace(pattern, replacement);
  return result;
}
