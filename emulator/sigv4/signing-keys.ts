import { createHmac, timingSafeEqual } from 'node:crypto';

/** A signing key is valid for one day, access key, region and service. */
const KEPT = 2000;

/** Caches signing keys, because their derivation takes four of the five HMACs of a verification. */
export function signingKeys() {
  const cachedKeys = new Map<string, Buffer>();
  return {
    get(secretAccessKey: string, date: string, region: string, service: string): Buffer {
      const id = `${secretAccessKey}/${date}/${region}/${service}`;
      let key = cachedKeys.get(id);
      if (key === undefined) {
        key = signingKey(secretAccessKey, date, region, service);
        if (cachedKeys.size >= KEPT) cachedKeys.clear();
        cachedKeys.set(id, key);
      }
      return key;
    },
  };
}

export function signingKey(secretAccessKey: string, ...scope: readonly string[]): Buffer {
  return [...scope, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
}

export function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data, 'latin1').digest();
}

/** Compares 64 lower-case hex digits with the HMAC in constant time. */
export function signatureMatches(key: Buffer, text: string, claimed: string): boolean {
  return timingSafeEqual(hmac(key, text), Buffer.from(claimed, 'hex'));
}

/** Compares secrets in a time that only depends on their lengths. */
export function secretsEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
