/** Where a cluster's signing keys are told, and steps that lead past the time of one. */
import { advanceClock } from '../../harness/index.ts';

export const SIGNING_KEYS =
  'EKS User Guide, "Fetch signing keys to validate OIDC tokens": the key is another every seven days';

/** Path of an API server's public keys. */
export const JWKS = '/openid/v1/jwks';

/** In seconds. */
const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

/** To the last hour in which a new cluster signs by its first key. */
export const toLastHourOfKey = () => advanceClock(WEEK - HOUR);
/** From there into the first hour of the next key. */
export const toNextKey = () => advanceClock(2 * HOUR);
