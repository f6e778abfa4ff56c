/** Requests of a pod to its agent, and how they end. */
import { control, fetchCredentials, granted, matching, refused } from '../../../harness/index.ts';
import { POD_IDENTITY } from '../../lib/worlds.ts';

type Request = Parameters<typeof fetchCredentials>[0];
type Facts = NonNullable<NonNullable<Parameters<typeof granted>[2]>['facts']>;

/** Without this request, that another is refused means nothing. */
export const CONTROL = control('app', fetchCredentials());
/** The pod is given credentials. */
export const gets = (request?: Request, facts?: Facts) => granted('app', fetchCredentials(request), facts && { facts });
/** The agent refuses by itself. */
export const refusedByAgent = (request: Request, status: number, message?: string, facts?: Facts) =>
  refused('app', fetchCredentials(request), {
    by: 'agent',
    status,
    ...(message && { message }),
    ...(facts && { facts }),
  });
/** EKS Auth refuses, and the agent passes that on. */
export const refusedByEksAuth = (request: Request, code: string | readonly string[], status: number, facts?: Facts) =>
  refused('app', fetchCredentials(request), { by: 'eks-auth', code, status, ...(facts && { facts }) });

/** Answered without a call of EKS Auth. */
export const FROM_CACHE = { upstreamCalls: 0 } as const;
export const ONE_CALL = { upstreamCalls: 1 } as const;
export const PLAIN_TEXT = { contentType: matching(/^text\/plain/) };

/** EKS Auth takes the token for none of its own. */
export const invalidToken = (request: Request, facts?: Facts) =>
  refusedByEksAuth(request, 'InvalidTokenException', 400, facts);

/** A token of the pod like the one that the kubelet put into it. */
export const POD_TOKEN = { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } as const;
/** One beside that, as a renewed one is. */
export const SECOND = { second: POD_TOKEN } as const;
/** Bound to the pod like that one: the audience is all that is wrong with it. */
export const STS_TOKEN = { ...POD_TOKEN, audience: 'sts.amazonaws.com' } as const;

const base64url = (part: string): string => Buffer.from(part).toString('base64url');
/** A token that nobody signed. */
export const unsignedToken = (header: string, claims: string): string =>
  `${base64url(header)}.${base64url(claims)}.c2lnbmF0dXJl`;
