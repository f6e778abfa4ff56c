import { createHash, randomBytes, randomInt } from 'node:crypto';

const UPPER_CASE_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BASE_64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Uniform numbers in [0, 1), the same sequence for the same seed; without a seed a new sequence each time. */
export function seededRandom(seed: string = randomBytes(16).toString('hex')): () => number {
  const digest = createHash('sha256').update(seed).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)) as [number, number, number, number];
  // sfc32: small, fast and good enough for ids that need not be secret.
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 4294967296;
  };
}

/** `length` characters of `alphabet`, chosen by `random`. */
export function randomString(random: () => number, length: number, alphabet: string): string {
  let text = '';
  for (let i = 0; i < length; i += 1) text += alphabet.charAt(Math.floor(random() * alphabet.length));
  return text;
}

/**
 * A unique id as IAM makes them: a prefix of 4 letters (`AROA` roles, `ANPA` policies) and 17 characters (IAM User Guide,
 * "IAM identifiers").
 */
export function uniqueId(random: () => number, prefix: string): string {
  return prefix + randomString(random, 17, UPPER_CASE_AND_DIGITS);
}

/** An unguessable access key id of 20 characters. */
export function newAccessKeyId(prefix: 'AKIA' | 'ASIA'): string {
  return prefix + secretString(16, UPPER_CASE_AND_DIGITS);
}

/** An unguessable secret access key of 40 characters. */
export function newSecretAccessKey(): string {
  return secretString(40, BASE_64);
}

/** An unguessable session token. Its length is about that of AWS's, so that clients with short buffers show. */
export function newSessionToken(): string {
  return `IQoJb3JpZ2luX2Vj${randomBytes(300).toString('base64')}`;
}

const secretString = (length: number, alphabet: string): string =>
  randomString(() => randomInt(2 ** 32) / 2 ** 32, length, alphabet);
