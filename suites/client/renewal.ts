/** When a client renews its credentials. */
import { between, control, granted, runClient, suite } from '../../harness/index.ts';
import { CHAIN, OBJECT, POD_IDENTITY, RETRIES, UPSTREAM } from './lib/client.ts';

const FAILS = { status: 500, headers: { 'content-type': 'text/plain' }, body: 'no credentials now' } as const;
const RENEWED = `${CHAIN}: SDKs renew credentials when they expire`;
/** Credentials of seconds, which have expired before the next step. */
const SHORT = { lifeSeconds: 3 } as const;
const EXPIRED = { waitSeconds: 4 } as const;

suite('client', ({ scenario }) => {
  scenario('CL-70', 'credentials are renewed before they expire', {
    source: `${CHAIN}; Amazon EKS User Guide, "Pod Identity": SDKs renew credentials by themselves`,
    ...POD_IDENTITY,
    probes: [
      // The SDK for C++ renews in the last five seconds, MinIO's for Go in the last fifth, others minutes before.
      granted(
        'app',
        runClient(OBJECT, { credentials: [{ ...UPSTREAM, lifeSeconds: 15 }], steps: [{}, { waitSeconds: 12.5 }] }),
        { facts: { 'credentials.requests': between(2, 30), expired: 0 } },
      ),
    ],
  });

  scenario('CL-71', 'expired credentials are not used while the agent fails', {
    source: `${CHAIN}; AWS STS User Guide: temporary credentials are of no use once they have expired`,
    ...POD_IDENTITY,
    probes: [
      granted(
        'app',
        runClient(OBJECT, {
          credentials: [{ ...UPSTREAM, lifeSeconds: 3 }],
          steps: [{}, { waitSeconds: 4, credentials: [FAILS] }],
          mayFail: true,
        }),
        { facts: { expired: 0 } },
      ),
    ],
  });

  scenario('CL-72', 'an agent that fails for good is asked a bounded number of times', {
    source: `${RETRIES}: attempts are bounded, with a pause that grows`,
    ...POD_IDENTITY,
    probes: [
      granted('app', runClient(OBJECT, { credentials: [FAILS], mayFail: true }), {
        facts: { 'credentials.requests': between(1, 50), signed: 'nothing' },
      }),
    ],
  });

  scenario('CL-23', 'credentials are renewed, and never used when they have expired', {
    profile: 'core',
    source: RENEWED,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT)),
      granted('app', runClient(OBJECT, { credentials: [{ ...UPSTREAM, ...SHORT }], steps: [{}, EXPIRED, EXPIRED] }), {
        facts: { 'credentials.requests': between(3, 30), expired: 0, outcomes: 'granted,granted,granted' },
      }),
    ],
  });

  scenario('CL-24', 'credentials that last are not fetched again', {
    source: RENEWED,
    ...POD_IDENTITY,
    probes: [
      granted('app', runClient(OBJECT, { steps: [{}, {}, {}, {}, {}] }), {
        facts: { 'credentials.requests': between(1, 2), 's3.requests': between(5, 30) },
      }),
    ],
  });

  scenario('CL-25', 'threads share a renewal', {
    source: `${RENEWED}; each SDK keeps the credentials of a client for all its requests`,
    finding:
      'A node has one agent, and an account one rate of AssumeRoleForPodIdentity: a client that fetches once a thread meets both sooner.',
    ...POD_IDENTITY,
    probes: [
      granted(
        'app',
        runClient(OBJECT, { credentials: [SHORT], steps: [{}, { ...EXPIRED, credentials: [{}], atOnce: 8 }] }),
        { facts: { 'credentials.requests': between(2, 7), 's3.requests': between(8, 30), expired: 0 } },
      ),
    ],
  });
});
