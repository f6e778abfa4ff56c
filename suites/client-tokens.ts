/** Which token a client sends to the credentials endpoint, when it reads it, and to whom it never goes. */
import { between, control, granted, isAbsent, matching, refused, runClient, suite } from '../harness/index.ts';
import {
  AS_IN_A_POD,
  CHAIN,
  CONTAINER,
  METADATA_REACHABLE,
  NO_NODE_ROLE,
  OBJECT,
  POD_IDENTITY,
  UPSTREAM,
} from './lib/client.ts';

const TOKEN_FILE = `${CONTAINER}: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`;
const RENEWED = `${CHAIN}: SDKs renew credentials when they expire`;

const tokenFile = (path: string) => ({ AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path });
const OWN_FILE = tokenFile('{files}/token');

/** Credentials of seconds, which have expired before the next step. */
const SHORT = { lifeSeconds: 3 } as const;
const EXPIRED = { waitSeconds: 4 } as const;

suite('client', ({ scenario }) => {
  scenario('CL-20', 'the token file wins over AWS_CONTAINER_AUTHORIZATION_TOKEN', {
    source: `${CONTAINER}: AWS_CONTAINER_AUTHORIZATION_TOKEN is used only where the file is not set`,
    ...POD_IDENTITY,
    probes: [
      granted('app', runClient(OBJECT, { environment: { AWS_CONTAINER_AUTHORIZATION_TOKEN: '{environment-token}' } }), {
        facts: { 'credentials.tokens': 'first' },
      }),
    ],
  });

  scenario('CL-21', 'AWS_CONTAINER_AUTHORIZATION_TOKEN is sent where there is no file', {
    source: `${CONTAINER}: AWS_CONTAINER_AUTHORIZATION_TOKEN`,
    ...POD_IDENTITY,
    probes: [
      granted(
        'app',
        runClient(OBJECT, {
          environment: {
            AWS_CONTAINER_AUTHORIZATION_TOKEN: '{environment-token}',
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: null,
          },
          credentials: [{}],
        }),
        { facts: { 'credentials.tokens': 'environment', signed: 'container' } },
      ),
    ],
  });

  scenario('CL-22', 'the token file is read anew for each fetch', {
    profile: 'core',
    source: `${TOKEN_FILE}; Kubernetes documentation, "ServiceAccount token volume projection": an application has to load the token again when it is rotated`,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT)),
      granted(
        'app',
        runClient(OBJECT, {
          environment: OWN_FILE,
          files: { token: '{token}' },
          credentials: [SHORT],
          steps: [{}, { ...EXPIRED, files: { token: '{second-token}' } }],
        }),
        { facts: { 'credentials.tokens': 'first,second', 'credentials.lastToken': 'second' } },
      ),
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

  scenario('CL-26', 'without its token file a client gets no credentials', {
    source: `${TOKEN_FILE}; ${CHAIN}`,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT)),
      refused('app', runClient(OBJECT, { environment: { ...tokenFile('{files}/none'), ...METADATA_REACHABLE } }), {
        by: 'client',
        facts: NO_NODE_ROLE,
      }),
    ],
  });

  scenario('CL-27', 'with an empty token file a client gets no credentials', {
    source: `${TOKEN_FILE}; ${CHAIN}`,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT)),
      refused('app', runClient(OBJECT, { environment: { ...OWN_FILE, ...METADATA_REACHABLE }, files: { token: '' } }), {
        by: 'client',
        facts: NO_NODE_ROLE,
      }),
    ],
  });

  scenario('CL-28', 'a newline behind the token is not sent', {
    source: `${TOKEN_FILE}; RFC 9110, 5.5: a field value has no line break`,
    finding: 'Some clients take the newline away, others refuse the token: write the file without one.',
    ...POD_IDENTITY,
    probes: [
      granted('app', runClient(OBJECT, { environment: OWN_FILE, files: { token: '{token}\n' }, mayFail: true }), {
        facts: { 'credentials.tokens': matching(/^((first|none)(,|$))*$/) },
      }),
    ],
  });

  scenario('CL-29', 'a token with a line break in it adds no header to the request', {
    source: `${TOKEN_FILE}; RFC 9110, 5.5: a field value has no line break`,
    ...POD_IDENTITY,
    probes: [
      granted(
        'app',
        runClient(OBJECT, { environment: OWN_FILE, files: { token: '{token}\r\nx-injected: 1' }, mayFail: true }),
        { facts: { 'credentials.injected': 0 } },
      ),
    ],
  });

  scenario('CL-30', 'the token is sent over plain HTTP to no host but the agent', {
    source: `${CONTAINER}; SDKs take HTTPS, loopback and the addresses of the agents of ECS and EKS alone`,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT, AS_IN_A_POD)),
      refused(
        'app',
        runClient(OBJECT, {
          ...AS_IN_A_POD,
          environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: '{elsewhere-address}/v1/credentials' },
        }),
        { by: 'client', facts: { 'elsewhere.tokens': isAbsent } },
      ),
    ],
  });

  scenario('CL-31', 'the token is not sent on to where a redirect leads', {
    source: 'RFC 9110, 15.4: whoever follows a redirect should leave out Authorization, since it was for another host',
    ...POD_IDENTITY,
    probes: [
      granted(
        'app',
        runClient(OBJECT, {
          credentials: [{ status: 307, headers: { location: '{elsewhere}/v1/credentials' }, body: '' }],
          mayFail: true,
        }),
        { facts: { 'elsewhere.tokens': isAbsent, 'credentials.requests': between(1, 30) } },
      ),
    ],
  });

  const PROXY = { HTTP_PROXY: '{proxy}', http_proxy: '{proxy}' };
  const NO_PROXY = '127.0.0.1,localhost,169.254.170.23,[fd00:ec2::23]';
  const BEHIND_PROXY = 'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent": pods behind a proxy';

  scenario('CL-32', 'a proxy sees nothing of requests to the agent where NO_PROXY names it', {
    source: BEHIND_PROXY,
    ...POD_IDENTITY,
    probes: [
      granted('app', runClient(OBJECT, { ...AS_IN_A_POD, environment: { ...PROXY, NO_PROXY, no_proxy: NO_PROXY } }), {
        facts: { 'proxy.requests': 0, signed: 'container' },
      }),
    ],
  });

  scenario('CL-33', "the agent's credentials come through a proxy, or past it, where NO_PROXY does not name it", {
    source: BEHIND_PROXY,
    finding:
      'With HTTP_PROXY and without NO_PROXY some clients send the token to the proxy (fact proxy.tokens), which could not reach the agent: set NO_PROXY to 169.254.170.23,[fd00:ec2::23].',
    ...POD_IDENTITY,
    probes: [
      granted('app', runClient(OBJECT, { ...AS_IN_A_POD, environment: PROXY }), { facts: { signed: 'container' } }),
    ],
  });
});
