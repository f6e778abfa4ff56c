/** Steps that lead past the time of a cluster's signing key. */
import { advanceClock } from '../../harness/index.ts';

export const SIGNING_KEYS =
  'EKS User Guide, "Fetch signing keys to validate OIDC tokens": the key is another every seven days';

/** In seconds. */
const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

/** To the last hour in which a new cluster signs by its first key. */
export const toLastHourOfKey = () => advanceClock(WEEK - HOUR);
/** From there into the first hour of the next key. */
export const toNextKey = () => advanceClock(2 * HOUR);
