/** Requests of a pod to its agent, and their results. */
import { control, fetchCredentials, granted, matching, refused } from '../../../harness/index.ts';
import { POD_IDENTITY } from '../../lib/worlds.ts';

type Request = Parameters<typeof fetchCredentials>[0];
type Facts = NonNullable<NonNullable<Parameters<typeof granted>[2]>['facts']>;

/** A control: unless it succeeds, a refusal of another request proves nothing. */
export const CONTROL = control('app', fetchCredentials());
/** The pod gets credentials. */
export const gets = (request?: Request, facts?: Facts) => granted('app', fetchCredentials(request), facts && { facts });
/** Expects that the agent itself rejects the request. */
export const refusedByAgent = (request: Request, status: number, message?: string, facts?: Facts) =>
  refused('app', fetchCredentials(request), {
    by: 'agent',
    status,
    ...(message && { message }),
    ...(facts && { facts }),
  });
/** EKS Auth rejects the request, and the agent passes the error on. */
export const refusedByEksAuth = (request: Request, code: string | readonly string[], status: number, facts?: Facts) =>
  refused('app', fetchCredentials(request), { by: 'eks-auth', code, status, ...(facts && { facts }) });

/** Answered without a call to EKS Auth. */
export const FROM_CACHE = { upstreamCalls: 0 } as const;
export const ONE_CALL = { upstreamCalls: 1 } as const;
export const PLAIN_TEXT = { contentType: matching(/^text\/plain/) };

/** EKS Auth rejects the token as invalid. */
export const invalidToken = (request: Request, facts?: Facts) =>
  refusedByEksAuth(request, 'InvalidTokenException', 400, facts);

/** A token of the pod, like the one from the kubelet. */
export const POD_TOKEN = { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } as const;
/** Another token of the pod, like a renewed one. */
export const SECOND = { second: POD_TOKEN } as const;
/** A token of the pod in which only the audience is wrong. */
export const STS_TOKEN = { ...POD_TOKEN, audience: 'sts.amazonaws.com' } as const;

const base64url = (part: string): string => Buffer.from(part).toString('base64url');
/** Returns a token without a valid signature. */
export const unsignedToken = (header: string, claims: string): string =>
  `${base64url(header)}.${base64url(claims)}.c2lnbmF0dXJl`;
