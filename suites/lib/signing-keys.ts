/** The source for a cluster's signing keys, and steps that advance the clock past a key rotation. */
import { advanceClock } from '../../harness/index.ts';

export const SIGNING_KEYS =
  'EKS User Guide, "Fetch signing keys to validate OIDC tokens": keys rotate every seven days';

/** Path of an API server's public keys. */
export const JWKS = '/openid/v1/jwks';

/** In seconds. */
const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

/** Advances to the last hour in which a new cluster signs with its first key. */
export const toLastHourOfKey = () => advanceClock(WEEK - HOUR);
/** Advances from there into the first hour of the next key. */
export const toNextKey = () => advanceClock(2 * HOUR);
