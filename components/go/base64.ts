/**
 * Decodes as Go's `base64.RawURLEncoding`: no padding, line ends are skipped, unused low bits of the last character are
 * not looked at.
 *
 * @param text one character a byte
 * @throws Error in the words of Go's `base64.CorruptInputError`, with the offset that Go names
 */
export function decodeRawUrlBase64(text: string): Buffer {
  const digits = text.replace(/[\r\n]/g, '');
  const wrong = text.search(/[^A-Za-z0-9_\r\n-]/);
  const offset = wrong < 0 && digits.length % 4 === 1 ? text.length - 1 : wrong;
  if (offset >= 0) throw new Error(`illegal base64 data at input byte ${offset}`);
  return Buffer.from(digits, 'base64url');
}
