/** Shared by scenarios of suite `client`: pods, sources, and changes to a client's environment. */
import { control, granted, irsaRole, refused, runClient } from '../../../harness/index.ts';
import { appWith, readData } from '../../lib/worlds.ts';

const GUIDE = 'AWS SDKs and Tools Reference Guide, ';
export const CONTAINER = `${GUIDE}"Container credential provider"`;
export const CHAIN = `${GUIDE}"AWS SDKs and Tools standardized credential providers"`;
export const METADATA = `${GUIDE}"IMDS credential provider"`;
export const WEB_IDENTITY = `${GUIDE}"Assume role credential provider"`;
export const RETRIES = `${GUIDE}"Retry behavior"`;

export const NO_FALLBACK = `${METADATA}: used if no other credentials are configured; ${CHAIN}`;

export const OBJECT = 'data/key';

export const POD_IDENTITY = { ...appWith(readData), objects: [OBJECT] };

export const IRSA = {
  roles: { app: irsaRole('app/app', readData) },
  workloads: { app: { irsa: 'app' } },
  objects: [OBJECT],
} as const;

type Options = Parameters<typeof runClient>[1];
type Facts = NonNullable<NonNullable<Parameters<typeof granted>[2]>['facts']>;
/** Runs the client, which reads the object, and checks what the endpoints observed. */
export const runs = (options: Options, facts?: Facts) => granted('app', runClient(OBJECT, options), facts && { facts });
/** Runs the client, which finds no credentials. */
export const findsNothing = (options: Options, facts: Facts) =>
  refused('app', runClient(OBJECT, options), { by: 'client', facts });

/** A control: unless it succeeds, a run without credentials proves nothing. */
export const FINDS_OTHERWISE = control('app', runClient(OBJECT));
export const SIGNED = { signed: 'container' } as const;
/** Returns an error response of the agent. */
export const failing = (status: number, body = 'no credentials now') => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
});

export const AS_IN_A_POD = { addresses: 'as-in-a-pod' } as const;

/** Instance metadata returns credentials of the node's role. */
export const METADATA_REACHABLE = { AWS_EC2_METADATA_DISABLED: null } as const;

/** Removes the settings of Pod Identity. */
export const NO_CONTAINER = {
  AWS_CONTAINER_CREDENTIALS_FULL_URI: null,
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: null,
} as const;

export const ENVIRONMENT_KEYS = {
  AWS_ACCESS_KEY_ID: '{environment-key-id}',
  AWS_SECRET_ACCESS_KEY: '{environment-secret}',
  AWS_SESSION_TOKEN: '{environment-session}',
} as const;

/** Credentials that expire before the next step. */
export const SHORT = { lifeSeconds: 3 } as const;
export const EXPIRED = { waitSeconds: 4 } as const;

/** The real response of STS or of the agent. */
export const UPSTREAM = { from: 'upstream' } as const;

/** A pod must not act as the node's role. */
export const NO_NODE_ROLE = { 'metadata.credentials': 0, signed: 'nothing' } as const;

/** Returns an STS error in the format of the query protocol. */
export const stsError = (status: number, code: string, message: string) => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>scripted</RequestId></ErrorResponse>`,
});

/** Moves the clock of a client on Node ahead by the seconds in a file. */
export const MOVED_CLOCK = {
  environment: { NODE_OPTIONS: '--import={files}/clock.mjs' },
  files: {
    ahead: '0',
    'clock.mjs': `import { readFileSync } from 'node:fs';
const { now } = Date;
Date.now = () => now() + 1000 * Number(readFileSync(new URL('ahead', import.meta.url), 'utf8'));
globalThis.Date = new Proxy(Date, {
  construct: (target, args, type) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, type),
});
`,
  },
} as const;
export const moveClock = (seconds: number) => ({ files: { ahead: String(seconds) } });
