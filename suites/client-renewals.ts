/** What a client does with credentials that are about to expire, or have expired. */
import { between, granted, runClient, suite } from '../harness/index.ts';
import { CHAIN, OBJECT, POD_IDENTITY, RETRIES, UPSTREAM } from './lib/client.ts';

const FAILS = { status: 500, headers: { 'content-type': 'text/plain' }, body: 'no credentials now' } as const;

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
});
