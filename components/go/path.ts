const HEX_DIGITS = /^[0-9A-Fa-f]{2}$/;
/** Characters that Go's `url.escape` leaves alone in a path. */
const PLAIN_IN_PATH = /[A-Za-z0-9\-_.~$&+,/:;=@]/;
/** Further characters that a path may carry unescaped without Go escaping it again. */
const ALLOWED_RAW = /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/;

/** Percent-encodes a path given as one character a byte. */
export function escapePath(path: string): string {
  return [...path]
    .map((character) =>
      PLAIN_IN_PATH.test(character)
        ? character
        : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

/** @returns undefined for a `%` without two hexadecimal digits */
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

/** Go's `URL.EscapedPath`: the path as sent if that is valid, else encoded again. Undefined if Go cannot parse it. */
export function escapedPath(path: string): string | undefined {
  const unescaped = unescapePath(path);
  if (unescaped === undefined) return undefined;
  return ALLOWED_RAW.test(path) ? path : escapePath(unescaped);
}

/** Go's `path.Clean` of an absolute path, its trailing slash kept. */
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
