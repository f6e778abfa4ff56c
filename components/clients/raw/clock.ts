/** AWS's time: this machine's, corrected by services' answers. */
let offsetMilliseconds = 0;

export const now = (): number => Date.now() + offsetMilliseconds;

/** Signatures are valid for about five minutes; a smaller skew causes no refusal. */
const SKEW_MILLISECONDS = 240_000;

/** Adopts a service's clock. Returns false if the difference is small. */
export function correctClock(date: string | undefined): boolean {
  const theirs = Date.parse(date ?? '');
  if (!(Math.abs(theirs - now()) > SKEW_MILLISECONDS)) return false;
  offsetMilliseconds = theirs - Date.now();
  return true;
}
