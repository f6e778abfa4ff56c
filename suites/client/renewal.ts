/** When a client renews its credentials. */
import { between, matching, suite } from '../../harness/index.ts';
import {
  AS_IN_A_POD,
  CHAIN,
  CONTAINER,
  EXPIRED,
  failing,
  FINDS_OTHERWISE,
  moveClock,
  MOVED_CLOCK,
  POD_IDENTITY,
  RETRIES,
  runs,
  SHORT,
  UPSTREAM,
} from './lib/client.ts';

const FAILS = failing(500);
const STATIC_STABILITY = 'aws-sdk-java-v2#7028 and botocore#3733, static stability';
const [LOOPBACK, ...ADDRESSES] = ['{credentials}', '{agent-ipv4}', '{agent-ipv6}'] as const;
/** Returns options of a run at an address of the agent, with the pod's token in a file of the run. */
const atAddress = (address: string, { environment, files }: Partial<typeof MOVED_CLOCK> = {}) => ({
  ...(address !== LOOPBACK && AS_IN_A_POD),
  environment: {
    ...{ ...environment, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/v1/credentials` },
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '{files}/token',
  },
  files: { ...files, token: '{token}' },
});
const RENEWED = `${CHAIN}: SDKs renew credentials when they expire`;

const recovers = (address: string) =>
  runs(
    {
      ...atAddress(address, MOVED_CLOCK),
      credentials: [SHORT],
      steps: [
        ...[{}, { ...EXPIRED, credentials: [FAILS] }],
        { files: { ...moveClock(11 * 60).files, token: '{second-token}' }, credentials: [{}] },
      ],
    },
    {
      's3.clockSeconds': between(11 * 60 - 60, 11 * 60 + 60),
      // After a failure, some clients call an agent on loopback once without a token.
      'credentials.tokens': matching(/^first(,none)?,second$/),
      outcomes: 'granted,refused,granted',
    },
  );
const RECOVERY = {
  source: `${CHAIN}; ${STATIC_STABILITY}: a failed renewal is repeated after five to ten minutes`,
  needs: ['client-clock'],
  ...POD_IDENTITY,
} as const;

const renews = (address: string) =>
  runs(
    {
      ...atAddress(address),
      credentials: [SHORT],
      steps: [{}, EXPIRED, { ...EXPIRED, files: { token: '{second-token}' } }],
    },
    { 'credentials.tokens': 'first,second', 'credentials.lastToken': 'second', outcomes: 'granted,granted,granted' },
  );
const RENEWAL = {
  keywords: ['rotation'],
  source: `${RENEWED}; ${CONTAINER}: loopback and the agent's addresses`,
  ...POD_IDENTITY,
} as const;

suite('client', ({ scenario }) => {
  scenario('CL-70', 'a client renews credentials before they expire', {
    source: `${CHAIN}; Amazon EKS User Guide, "Pod Identity": SDKs renew credentials by themselves`,
    ...POD_IDENTITY,
    probes: [
      // The SDK for C++ renews in the last five seconds, MinIO's for Go in the last fifth of the time, others minutes before.
      runs(
        { credentials: [{ ...UPSTREAM, lifeSeconds: 15 }], steps: [{}, { waitSeconds: 12.5 }] },
        { 'credentials.requests': between(2, 30), expired: 0 },
      ),
    ],
  });

  scenario('CL-71', 'a client fails or uses its last credentials while the agent fails', {
    source: `${CHAIN}; ${STATIC_STABILITY}: after a failed renewal, cached credentials are returned, even expired ones`,
    ...POD_IDENTITY,
    probes: [
      runs(
        {
          credentials: [{ ...UPSTREAM, ...SHORT }],
          steps: [{}, { ...EXPIRED, credentials: [FAILS] }],
          mayFail: true,
        },
        { outcomes: matching(/^\w+,refused$/), signed: matching(/^(container|nothing)$/) },
      ),
    ],
  });

  scenario(
    'CL-73',
    'after the agent recovers, a client uses new credentials and a rotated token within eleven minutes',
    {
      ...RECOVERY,
      probes: [FINDS_OTHERWISE, recovers(LOOPBACK)],
    },
  );

  scenario('CL-75', "after the agent recovers, a client uses new credentials from each of the agent's addresses", {
    ...RECOVERY,
    probes: [FINDS_OTHERWISE, ...ADDRESSES.map(recovers)],
  });

  scenario('CL-74', 'a client renews with a rotated token over loopback', { ...RENEWAL, probes: [renews(LOOPBACK)] });

  scenario('CL-76', 'a client renews with a rotated token at each address of the agent', {
    ...RENEWAL,
    probes: ADDRESSES.map(renews),
  });

  scenario('CL-72', 'a client stops calling an agent that keeps failing', {
    source: `${RETRIES}: attempts are bounded, with growing pauses`,
    ...POD_IDENTITY,
    probes: [
      runs({ credentials: [FAILS], mayFail: true }, { 'credentials.requests': between(1, 50), signed: 'nothing' }),
    ],
  });

  scenario('CL-23', 'a client renews credentials, and never uses expired ones', {
    profile: 'core',
    source: RENEWED,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      runs(
        { credentials: [{ ...UPSTREAM, ...SHORT }], steps: [{}, EXPIRED, EXPIRED] },
        { 'credentials.requests': between(3, 30), expired: 0, outcomes: 'granted,granted,granted' },
      ),
    ],
  });

  scenario('CL-24', 'a client does not fetch valid credentials again', {
    source: RENEWED,
    ...POD_IDENTITY,
    probes: [
      runs({ steps: [{}, {}, {}, {}, {}] }, { 'credentials.requests': between(1, 2), 's3.requests': between(5, 30) }),
    ],
  });

  scenario('CL-25', 'threads of a client share a renewal', {
    source: `${RENEWED}; each SDK keeps the credentials of a client for all its requests`,
    finding:
      'A node has one agent, and an account has one rate limit for AssumeRoleForPodIdentity. A client that fetches credentials in each thread reaches both sooner.',
    ...POD_IDENTITY,
    probes: [
      runs(
        { credentials: [SHORT], steps: [{}, { ...EXPIRED, credentials: [{}], atOnce: 8 }] },
        { 'credentials.requests': between(2, 7), 's3.requests': between(8, 30), expired: 0 },
      ),
    ],
  });
});
