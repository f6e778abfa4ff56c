import { DEFAULTS, type WebhookOptions } from './options.ts';

/** Seconds; also what the token of a service account lives that the webhook does not know. */
export const DEFAULT_TOKEN_EXPIRATION = 86_400n;
/** Seconds. The API server grants no shorter token. */
export const MIN_TOKEN_EXPIRATION = 600n;

export const clampTokenExpiration = (seconds: bigint): bigint =>
  seconds < MIN_TOKEN_EXPIRATION ? MIN_TOKEN_EXPIRATION : seconds;

export interface Settings extends Readonly<typeof DEFAULTS> {
  /** Seconds, at least {@link MIN_TOKEN_EXPIRATION}. */
  readonly tokenExpiration: bigint;
}

export const settingsOf = (options: WebhookOptions): Settings => ({
  ...DEFAULTS,
  ...options,
  tokenExpiration: clampTokenExpiration(BigInt(options.tokenExpiration ?? DEFAULT_TOKEN_EXPIRATION)),
});
