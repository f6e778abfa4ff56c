/**
 * Whether an error of an AWS client is the service's answer, at the first try, that it does not make the thing: a 4xx. After
 * any other error, or other tries, it may have been made.
 */
export function isRefused(error: unknown): boolean {
  const { httpStatusCode = 0, attempts = 1 } =
    (error as { readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number } }).$metadata ??
    {};
  return httpStatusCode >= 400 && httpStatusCode < 500 && attempts === 1;
}
