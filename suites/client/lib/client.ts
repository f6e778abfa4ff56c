/** What the scenarios of the suite `client` share: pods, sources, and changes to a client's environment. */
import { control, granted, irsaRole, refused, runClient } from '../../../harness/index.ts';
import { appWith, readData } from '../../lib/worlds.ts';

const GUIDE = 'AWS SDKs and Tools Reference Guide, ';
export const CONTAINER = `${GUIDE}"Container credential provider"`;
export const CHAIN = `${GUIDE}"AWS SDKs and Tools standardized credential providers"`;
export const METADATA = `${GUIDE}"IMDS credential provider"`;
export const WEB_IDENTITY = `${GUIDE}"Assume role credential provider"`;
export const RETRIES = `${GUIDE}"Retry behavior"`;

export const NO_FALLBACK = `${METADATA}: for SDKs that are set up with no other credentials; ${CHAIN}`;

export const OBJECT = 'data/key';

export const POD_IDENTITY = { ...appWith(readData), objects: [OBJECT] };

export const IRSA = {
  roles: { app: irsaRole('app/app', readData) },
  workloads: { app: { irsa: 'app' } },
  objects: [OBJECT],
} as const;

type Options = Parameters<typeof runClient>[1];
type Facts = NonNullable<NonNullable<Parameters<typeof granted>[2]>['facts']>;
/** A run that reads the object, and what the endpoints see of it. */
export const runs = (options: Options, facts?: Facts) => granted('app', runClient(OBJECT, options), facts && { facts });
/** A run that has no credentials to read it with. */
export const findsNothing = (options: Options, facts: Facts) =>
  refused('app', runClient(OBJECT, options), { by: 'client', facts });

/** Without this run, that another finds nothing means nothing. */
export const FINDS_OTHERWISE = control('app', runClient(OBJECT));
export const SIGNED = { signed: 'container' } as const;
/** An error as the agent answers it. */
export const failing = (status: number, body = 'no credentials now') => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
});

export const AS_IN_A_POD = { addresses: 'as-in-a-pod' } as const;

/** Instance metadata answers, with the node's role. */
export const METADATA_REACHABLE = { AWS_EC2_METADATA_DISABLED: null } as const;

/** Nothing of Pod Identity. */
export const NO_CONTAINER = {
  AWS_CONTAINER_CREDENTIALS_FULL_URI: null,
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: null,
} as const;

export const ENVIRONMENT_KEYS = {
  AWS_ACCESS_KEY_ID: '{environment-key-id}',
  AWS_SECRET_ACCESS_KEY: '{environment-secret}',
  AWS_SESSION_TOKEN: '{environment-session}',
} as const;

/** Credentials of seconds, which have expired before the next step. */
export const SHORT = { lifeSeconds: 3 } as const;
export const EXPIRED = { waitSeconds: 4 } as const;

/** What STS or the agent answers itself. */
export const UPSTREAM = { from: 'upstream' } as const;

/** The node's role is nobody's that a pod should act as. */
export const NO_NODE_ROLE = { 'metadata.credentials': 0, signed: 'nothing' } as const;

/** An error as STS' query protocol has it. */
export const stsError = (status: number, code: string, message: string) => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>scripted</RequestId></ErrorResponse>`,
});
