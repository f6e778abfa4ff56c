import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signing keys kept; one is used for a whole day by each access key, region and service. */
const KEPT = 2000;

/** Derives signing keys and remembers the last ones: the derivation costs four of the five HMACs of a verification. */
export interface SigningKeys {
  get(secretAccessKey: string, date: string, region: string, service: string): Buffer;
}

export function signingKeys(): SigningKeys {
  const known = new Map<string, Buffer>();
  return {
    get(secretAccessKey, date, region, service) {
      const id = `${secretAccessKey}/${date}/${region}/${service}`;
      let key = known.get(id);
      if (key === undefined) {
        key = ['aws4_request', service, region].reduceRight(
          (previous, part) => hmac(previous, part),
          hmac(`AWS4${secretAccessKey}`, date),
        );
        if (known.size >= KEPT) known.clear();
        known.set(id, key);
      }
      return key;
    },
  };
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data, 'latin1').digest();
}

/** Whether `claimed`, 64 lower-case hex digits, is the HMAC of `text`; in constant time. */
export function signatureMatches(key: Buffer, text: string, claimed: string): boolean {
  const actual = createHmac('sha256', key).update(text, 'latin1').digest('hex');
  return timingSafeEqual(Buffer.from(actual, 'latin1'), Buffer.from(claimed, 'latin1'));
}

/** Whether two secrets are equal, in a time that tells only their lengths. */
export function secretsEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
