/** Tokens of service account `app` that a check makes and reviews itself. */
import { expect } from 'chai';
import { granted, readToken, type CheckContext } from '../../../harness/index.ts';

const APP = '<namespace:app>';
const AUTHENTICATION = 'authentication.k8s.io/v1';
type Facts = NonNullable<NonNullable<Parameters<typeof granted>[2]>['facts']>;
export const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const ACCOUNT = `system:serviceaccount:${APP}:app`;
export const STS = 'sts.amazonaws.com';
export const NOT_ALLOWED = { by: 'kubernetes', code: 'NotAllowed' } as const;
export const BAD_REQUEST = { by: 'kubernetes', code: 'BadRequest', status: 400 } as const;
/** A Kubernetes user may make tokens of the namespace's service accounts; another may only look at pods. */
export const TOKEN_MAKER = { namespace: 'app', rules: [{ resources: ['serviceaccounts/token'], verbs: ['create'] }] };
export const ONLOOKER = { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['get', 'list'] }] };

/** What the claims of a token in a pod say. */
export const tells = (workload: string, token: Parameters<typeof readToken>[0], facts: Facts) =>
  granted(workload, readToken(token), { facts });

interface Claims {
  readonly kid: string;
  readonly jti: string;
}
interface Review {
  readonly authenticated?: boolean;
  readonly audiences?: readonly string[];
}

/** A new token, by the specification of a TokenRequest. */
export async function newToken({ kubernetes, name }: CheckContext, spec: object = {}): Promise<string> {
  const path = name(`/api/v1/namespaces/${APP}/serviceaccounts/app/token`);
  const body = { apiVersion: AUTHENTICATION, kind: 'TokenRequest', spec };
  const answer = await kubernetes({ method: 'POST', path, body });
  expect(answer, answer.body).to.include({ status: 201 });
  return (JSON.parse(answer.body) as { readonly status: { readonly token: string } }).status.token;
}

/** Header and claims of a token. */
export function readParts(token: string): Claims {
  const [header, claims] = token.split('.', 2).map((part) => Buffer.from(part, 'base64url').toString());
  return { ...JSON.parse(header ?? ''), ...JSON.parse(claims ?? '') } as Claims;
}

/** What a TokenReview says, for the API server's own audiences unless others are asked for. */
export async function reviewOf(
  { kubernetes }: CheckContext,
  token: string,
  audiences?: readonly string[],
): Promise<Review> {
  const path = `/apis/${AUTHENTICATION}/tokenreviews`;
  const body = { apiVersion: AUTHENTICATION, kind: 'TokenReview', spec: { token, ...(audiences && { audiences }) } };
  const answer = await kubernetes({ method: 'POST', path, body });
  return (JSON.parse(answer.body) as { readonly status: Review }).status;
}

export const isGood = async (context: CheckContext, token: string): Promise<boolean> =>
  (await reviewOf(context, token)).authenticated === true;
