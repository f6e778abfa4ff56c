/** When a client renews its credentials. */
import { between, suite } from '../../harness/index.ts';
import {
  CHAIN,
  EXPIRED,
  failing,
  FINDS_OTHERWISE,
  POD_IDENTITY,
  RETRIES,
  runs,
  SHORT,
  UPSTREAM,
} from './lib/client.ts';

const FAILS = failing(500);
const RENEWED = `${CHAIN}: SDKs renew credentials when they expire`;

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

  scenario('CL-71', 'a client does not use expired credentials while the agent fails', {
    source: `${CHAIN}; AWS STS User Guide: temporary credentials are invalid once they have expired`,
    ...POD_IDENTITY,
    probes: [
      runs(
        {
          credentials: [{ ...UPSTREAM, ...SHORT }],
          steps: [{}, { ...EXPIRED, credentials: [FAILS] }],
          mayFail: true,
        },
        { expired: 0 },
      ),
    ],
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
