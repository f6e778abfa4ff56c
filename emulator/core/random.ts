import { createHash, randomBytes, randomInt } from 'node:crypto';

const UPPER_CASE_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BASE_64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Returns a generator of uniform numbers in [0, 1), the same sequence for the same seed. */
export function seededRandom(seed: string = randomBytes(16).toString('hex')): () => number {
  const digest = createHash('sha256').update(seed).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)) as [number, number, number, number];
  // sfc32 is small and fast. These ids need not be secret.
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

export function randomString(random: () => number, length: number, alphabet: string): string {
  let text = '';
  for (let i = 0; i < length; i += 1) text += alphabet.charAt(Math.floor(random() * alphabet.length));
  return text;
}

/** Returns an id such as `AROA…` (role) or `ANPA…` (policy) with 17 characters (IAM User Guide, "IAM identifiers"). */
export function uniqueId(random: () => number, prefix: string): string {
  return prefix + randomString(random, 17, UPPER_CASE_AND_DIGITS);
}

export function newAccessKeyId(prefix: 'AKIA' | 'ASIA'): string {
  return prefix + secretString(16, UPPER_CASE_AND_DIGITS);
}

export function newSecretAccessKey(): string {
  return secretString(40, BASE_64);
}

/** Returns a token about as long as AWS's, so that clients with short buffers fail. */
export function newSessionToken(): string {
  return `IQoJb3JpZ2luX2Vj${randomBytes(300).toString('base64')}`;
}

const secretString = (length: number, alphabet: string): string =>
  randomString(() => randomInt(2 ** 32) / 2 ** 32, length, alphabet);
