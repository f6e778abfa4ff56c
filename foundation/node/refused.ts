interface Answer {
  readonly status?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/**
 * Whether an error of an AWS client, or of a Kubernetes client, is the service's answer, at the first try, that it does not
 * make the thing: a 4xx. After any other error, or other tries, it may have been made.
 */
export function isRefused(error: unknown): boolean {
  const { status, $metadata } = error as Answer;
  const { httpStatusCode = status, attempts = 1 } = $metadata ?? {};
  return typeof httpStatusCode === 'number' && httpStatusCode >= 400 && httpStatusCode < 500 && attempts === 1;
}
