/** Returns a token bucket like Go's `golang.org/x/time/rate`. It uses real time: `now` returns milliseconds of a monotonic clock. */
export function rateLimiter(perSecond: number, burst: number, now: () => number = () => performance.now()) {
  const perMillisecond = perSecond / 1000;
  let tokens = burst;
  let at = now();
  const refill = (): void => {
    const time = now();
    tokens = Math.min(burst, tokens + (time - at) * perMillisecond);
    at = time;
  };
  return {
    allow: (): boolean => {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    /** Takes a permit in advance. Returns the milliseconds to wait before using it. */
    reserve: (): number => {
      refill();
      tokens -= 1;
      return tokens >= 0 ? 0 : -tokens / perMillisecond;
    },
  };
}
