const HEX_DIGITS = /^[0-9A-Fa-f]{2}$/;
/** Characters that Go's `url.escape` does not escape in a path. */
const PLAIN_IN_PATH = /[A-Za-z0-9\-_.~$&+,/:;=@]/;
/** A path with only these characters is not escaped again by Go. */
const ALLOWED_RAW = /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/;

/** Percent-encodes a path that has one character per byte. */
export function escapePath(path: string): string {
  return [...path]
    .map((character) =>
      PLAIN_IN_PATH.test(character)
        ? character
        : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

/** Decodes a path. Returns undefined for a `%` without two hexadecimal digits. */
export function unescapePath(path: string): string | undefined {
  const [first = '', ...rest] = path.split('%');
  let result = first;
  for (const part of rest) {
    const digits = part.slice(0, 2);
    if (!HEX_DIGITS.test(digits)) return undefined;
    result += String.fromCharCode(parseInt(digits, 16)) + part.slice(2);
  }
  return result;
}

/** Returns Go's `URL.EscapedPath`: the path as sent if valid, otherwise encoded again. Undefined if Go cannot parse it. */
export function escapedPath(path: string): string | undefined {
  const unescaped = unescapePath(path);
  if (unescaped === undefined) return undefined;
  return ALLOWED_RAW.test(path) ? path : escapePath(unescaped);
}

/** Cleans an absolute path like Go's `path.Clean`, but keeps a trailing slash. */
export function cleanPath(path: string): string {
  if (path === '') return '/';
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const clean = `/${kept.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}
