/** AWS's time: the local time, corrected by responses of services. */
let offsetMilliseconds = 0;

export const now = (): number => Date.now() + offsetMilliseconds;

/** Signatures are valid for about five minutes, so a smaller clock skew is not the cause of an error. */
const SKEW_MILLISECONDS = 240_000;

/** Adopts the service's time. Returns false if the difference is small. */
export function correctClock(date: string | undefined): boolean {
  const theirs = Date.parse(date ?? '');
  if (!(Math.abs(theirs - now()) > SKEW_MILLISECONDS)) return false;
  offsetMilliseconds = theirs - Date.now();
  return true;
}
