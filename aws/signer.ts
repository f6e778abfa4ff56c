import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from './credentials.ts';

/** Signs requests to a service that no client of the SDK makes. */
export const signerOf = (service: string, region: string, credentials: AwsCredentials): SignatureV4 =>
  new SignatureV4({ credentials, region, service, sha256: Sha256 });

/** Where a request to be signed goes. */
export function addressOf(endpoint: string) {
  const { hostname, port, protocol } = new URL(endpoint);
  return { protocol, hostname, ...(port !== '' && { port: Number(port) }) };
}
