/** Go's `base64.CorruptInputError`. */
export class CorruptInputError extends Error {
  constructor(offset: number) {
    super(`illegal base64 data at input byte ${offset}`);
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]));

/**
 * Decodes as Go's `base64.RawURLEncoding`: no padding, line ends are skipped, unused low bits of the last character are
 * not looked at.
 *
 * @param text one character a byte
 * @throws CorruptInputError with the offset that Go names
 */
export function decodeRawUrlBase64(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let inQuantum = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\n' || character === '\r') continue;
    const value = VALUES.get(character);
    if (value === undefined) throw new CorruptInputError(at);
    bits = (bits << 6) | value;
    inQuantum += 1;
    if (inQuantum === 4) {
      bytes.push((bits >> 16) & 0xff, (bits >> 8) & 0xff, bits & 0xff);
      bits = 0;
      inQuantum = 0;
    }
  }
  if (inQuantum === 1) throw new CorruptInputError(text.length - 1);
  if (inQuantum === 2) bytes.push(bits >> 4);
  if (inQuantum === 3) bytes.push((bits >> 10) & 0xff, (bits >> 2) & 0xff);
  return Buffer.from(bytes);
}
