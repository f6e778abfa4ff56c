/** How a client handles failures of the agent and of S3. */
import { between, control, runClient, suite } from '../../harness/index.ts';
import {
  AS_IN_A_POD,
  CHAIN,
  CONTAINER,
  failing,
  FINDS_OTHERWISE,
  findsNothing,
  METADATA_REACHABLE,
  NO_FALLBACK,
  NO_NODE_ROLE,
  OBJECT,
  POD_IDENTITY,
  RETRIES,
  runs,
  SIGNED,
  UPSTREAM,
} from './lib/client.ts';

const RETRIED = `${RETRIES}: transient errors and throttling are retried`;
const ASKED_AGAIN = { 'credentials.requests': between(2, 10), ...SIGNED };
const RECOVERS = `${CHAIN}: SDKs renew credentials by themselves`;
/** The form in which the agent passes on an EKS Auth error. */
const REFUSAL =
  '[1c52bd8c-6ab6-4a0a-ae8b-6a8f8f8a5b1e]: (ResourceNotFoundException): Service account not associated with a role, fault: client';

suite('client', ({ scenario }) => {
  scenario('CL-40', 'a client retries after the agent fails once with 500 or 503', {
    source: RETRIED,
    ...POD_IDENTITY,
    probes: [500, 503].map((status) => runs({ credentials: [failing(status), UPSTREAM] }, ASKED_AGAIN)),
  });

  scenario('CL-41', 'a client retries after the agent responds once with 429', {
    keywords: ['throttling'],
    source: `${RETRIED}; the agent answers 429 at its own limit`,
    ...POD_IDENTITY,
    probes: [runs({ credentials: [failing(429, 'Too many requests'), UPSTREAM] }, ASKED_AGAIN)],
  });

  scenario('CL-42', 'a client retries after the agent closes the connection without a response', {
    source: RETRIED,
    ...POD_IDENTITY,
    probes: [runs({ credentials: [{ cut: true }, UPSTREAM] }, ASKED_AGAIN)],
  });

  scenario('CL-43', 'a client recovers from a response that is not JSON', {
    source: RECOVERS,
    finding: 'Some clients retry at once; others fail the operation (fact outcomes) and retry with the next one.',
    ...POD_IDENTITY,
    probes: [runs({ credentials: [{ body: '{"AccessKeyId": "AS' }, UPSTREAM], steps: [{}, {}] }, SIGNED)],
  });

  scenario('CL-44', 'a client recovers from a response without credentials', {
    source: RECOVERS,
    ...POD_IDENTITY,
    probes: [runs({ credentials: [{ body: '{}' }, UPSTREAM], steps: [{}, {}] }, SIGNED)],
  });

  scenario('CL-45', 'a client copes with credentials without Expiration', {
    source: `${RECOVERS}; ${CONTAINER}`,
    finding:
      'Some clients never refresh credentials without Expiration, others reject them (fact credentials.requests). An endpoint must always send it.',
    ...POD_IDENTITY,
    probes: [runs({ credentials: [{ ...UPSTREAM, without: 'Expiration' }, UPSTREAM], steps: [{}, {}] }, SIGNED)],
  });

  scenario('CL-46', 'a client recovers if the agent starts after the pod', {
    source: RECOVERS,
    finding:
      'On a new node, a pod may start before the agent. A client that gives up at once fails its first requests (fact outcomes).',
    ...POD_IDENTITY,
    probes: [runs({ awaySeconds: 1.5, steps: [{}, { waitSeconds: 2 }] }, SIGNED)],
  });

  scenario('CL-47', 'a client waits for an agent that takes a third of a second', {
    source: CONTAINER,
    ...POD_IDENTITY,
    probes: [runs({ credentials: [{ ...UPSTREAM, delaySeconds: 0.33 }] }, SIGNED)],
  });

  scenario('CL-48', 'a client recovers after the agent took four seconds once', {
    source: RECOVERS,
    finding:
      'The agent retries EKS Auth for up to three seconds, longer than most clients wait. The facts credentials.requests and milliseconds show how a client continues.',
    ...POD_IDENTITY,
    probes: [runs({ credentials: [{ ...UPSTREAM, delaySeconds: 4 }, UPSTREAM], steps: [{}, {}] }, SIGNED)],
  });

  scenario('CL-49', "after a refusal by the agent, a client does not use the node's role", {
    profile: 'core',
    keywords: ['IMDS'],
    source: NO_FALLBACK,
    finding:
      "The fact `quotesError` shows whether a client reports the agent's message, and `credentials.requests` how often it retries. The agent's log always has the message.",
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: METADATA_REACHABLE, credentials: [failing(404, REFUSAL)] }, NO_NODE_ROLE),
    ],
  });

  scenario('CL-50', "after a permanent failure of the agent, a client does not use the node's role", {
    profile: 'core',
    source: NO_FALLBACK,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: METADATA_REACHABLE, credentials: [failing(500)] }, NO_NODE_ROLE),
    ],
  });

  scenario('CL-51', "without an agent, a client does not use the node's role", {
    source: NO_FALLBACK,
    ...POD_IDENTITY,
    probes: [FINDS_OTHERWISE, findsNothing({ environment: METADATA_REACHABLE, awaySeconds: 600 }, NO_NODE_ROLE)],
  });

  scenario('CL-52', 'after a failure of the agent, a client does not call the instance metadata service', {
    keywords: ['IMDS'],
    source: NO_FALLBACK,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT, AS_IN_A_POD)),
      findsNothing({ ...AS_IN_A_POD, environment: METADATA_REACHABLE, credentials: [failing(500)] }, NO_NODE_ROLE),
    ],
  });

  scenario('CL-53', 'a client recovers from an agent failure during a renewal', {
    source: RECOVERS,
    finding:
      'While the agent fails, some clients keep using credentials that are valid for a few more minutes; others fail (fact outcomes).',
    ...POD_IDENTITY,
    probes: [
      runs(
        {
          credentials: [{ ...UPSTREAM, lifeSeconds: 120 }],
          steps: [{}, { credentials: [failing(500)] }, { credentials: [UPSTREAM] }],
        },
        { signed: 'container', expired: 0 },
      ),
    ],
  });

  scenario('CL-54', 'a client continues after S3 reports a skewed clock', {
    keywords: ['clock skew'],
    source: 'Amazon S3 API Reference, "Error responses", RequestTimeTooSkewed',
    finding:
      'Some clients correct their clock from the response (fact s3.clockSeconds, about 3600); others keep using their own. Keep node clocks synchronized.',
    ...POD_IDENTITY,
    probes: [
      runs(afterSkewOf(3600)),
      // Clients that correct their clock adopt the time of S3; others keep their own.
      runs(afterSkewOf(1200), { 's3.clockSeconds': between(-300, 1500) }),
      runs(afterSkewOf(-1200), { 's3.clockSeconds': between(-1500, 300) }),
    ],
  });
});

/** Runs two steps. S3 rejects the first request, because its clock is ahead. */
function afterSkewOf(aheadSeconds: number): Parameters<typeof runs>[0] {
  return {
    credentials: [{}],
    s3: [
      {
        status: 403,
        aheadSeconds,
        headers: { 'content-type': 'application/xml' },
        body: '<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message></Error>',
      },
    ],
    steps: [{}, {}],
  };
}
