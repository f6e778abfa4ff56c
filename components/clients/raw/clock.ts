/** The time as AWS has it: this machine's, set right by what services answered. */
let offsetMilliseconds = 0;

export const now = (): number => Date.now() + offsetMilliseconds;

/** Signatures of requests are good for about five minutes; less than that is no cause of a refusal. */
const SKEW_MILLISECONDS = 240_000;

/** Takes over a service's clock. False where the two do not differ by so much that it matters. */
export function correctClock(date: string | undefined): boolean {
  const theirs = Date.parse(date ?? '');
  if (!(Math.abs(theirs - now()) > SKEW_MILLISECONDS)) return false;
  offsetMilliseconds = theirs - Date.now();
  return true;
}
