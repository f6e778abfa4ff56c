/** `expiration` is in milliseconds since the epoch; absent for long-term keys. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: number;
}
