interface Refusal {
  readonly status?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/** Whether an error is a 4xx of the first attempt, which proves that nothing was created. */
export function isRefused(error: unknown): boolean {
  const { status, $metadata } = error as Refusal;
  const { httpStatusCode = status, attempts = 1 } = $metadata ?? {};
  return typeof httpStatusCode === 'number' && httpStatusCode >= 400 && httpStatusCode < 500 && attempts === 1;
}
