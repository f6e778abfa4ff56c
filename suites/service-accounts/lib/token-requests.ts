/** TokenRequests, and the claims of the tokens that they return. */
import { expect } from 'chai';

const APP = '<namespace:app>';
export const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const accounts = `system:serviceaccount:${APP}`;
export interface Named {
  readonly name: string;
  readonly uid: string;
}
/** A TokenRequest, or the Status in its place. */
export interface Request {
  readonly metadata: Named;
  readonly spec: {
    readonly expirationSeconds: number;
    readonly audiences: readonly string[];
    readonly boundObjectRef: object | null;
  };
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
  readonly details?: {
    readonly group?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly causes?: readonly { readonly field?: string }[];
  };
}
export interface Claims {
  readonly aud: readonly string[];
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly 'kubernetes.io': Readonly<Record<string, unknown>>;
}
export function claimsOf({ status }: Request): Claims {
  expect(status, 'the status of a TokenRequest').to.have.property('token');
  return JSON.parse(Buffer.from(status.token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}
export interface Review {
  readonly status: {
    readonly authenticated?: boolean;
    readonly user: { readonly extra: Readonly<Record<string, readonly string[]>> };
  };
}
