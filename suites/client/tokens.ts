/** Which token a client sends to the agent, when the client reads it, and where it must not send it. */
import { between, control, isAbsent, matching, runClient, suite } from '../../harness/index.ts';
import {
  AS_IN_A_POD,
  CHAIN,
  CONTAINER,
  EXPIRED,
  FINDS_OTHERWISE,
  findsNothing,
  METADATA_REACHABLE,
  NO_NODE_ROLE,
  OBJECT,
  POD_IDENTITY,
  runs,
  SHORT,
} from './lib/client.ts';

const TOKEN_FILE = `${CONTAINER}: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`;
const tokenFile = (path: string) => ({ AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path });
const OWN_FILE = tokenFile('{files}/token');

/** The client may fail, but must not send its token to another host. */
const leads = (environment: Readonly<Record<string, string | null>>) =>
  runs({ ...AS_IN_A_POD, environment, mayFail: true }, { 'elsewhere.tokens': isAbsent });

suite('client', ({ scenario }) => {
  scenario('CL-20', 'the token file takes precedence over AWS_CONTAINER_AUTHORIZATION_TOKEN', {
    source: `${CONTAINER}: AWS_CONTAINER_AUTHORIZATION_TOKEN is used only if the file is not set`,
    ...POD_IDENTITY,
    probes: [
      runs(
        { environment: { AWS_CONTAINER_AUTHORIZATION_TOKEN: '{environment-token}' } },
        { 'credentials.tokens': 'first' },
      ),
    ],
  });

  scenario('CL-21', 'a client sends AWS_CONTAINER_AUTHORIZATION_TOKEN if there is no token file', {
    source: `${CONTAINER}: AWS_CONTAINER_AUTHORIZATION_TOKEN`,
    ...POD_IDENTITY,
    probes: [
      runs(
        {
          environment: {
            AWS_CONTAINER_AUTHORIZATION_TOKEN: '{environment-token}',
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: null,
          },
          credentials: [{}],
        },
        { 'credentials.tokens': 'environment', signed: 'container' },
      ),
    ],
  });

  scenario('CL-22', 'a client rereads the token file for each fetch', {
    profile: 'core',
    keywords: ['rotation'],
    source: `${TOKEN_FILE}; Kubernetes documentation, "ServiceAccount token volume projection": an application has to load the token again when it is rotated`,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      runs(
        {
          environment: OWN_FILE,
          files: { token: '{token}' },
          credentials: [SHORT],
          steps: [{}, { ...EXPIRED, files: { token: '{second-token}' } }],
        },
        { 'credentials.tokens': 'first,second', 'credentials.lastToken': 'second' },
      ),
    ],
  });

  scenario('CL-26', 'a client without its token file gets no credentials', {
    source: `${TOKEN_FILE}; ${CHAIN}`,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: { ...tokenFile('{files}/none'), ...METADATA_REACHABLE } }, NO_NODE_ROLE),
    ],
  });

  scenario('CL-27', 'a client with an empty token file gets no credentials', {
    source: `${TOKEN_FILE}; ${CHAIN}`,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: { ...OWN_FILE, ...METADATA_REACHABLE }, files: { token: '' } }, NO_NODE_ROLE),
    ],
  });

  scenario('CL-28', 'a client does not send a newline after the token', {
    source: `${TOKEN_FILE}; RFC 9110, 5.5: a field value has no line break`,
    finding: 'Some clients strip the newline, others reject the token. Write the file without a newline.',
    ...POD_IDENTITY,
    probes: [
      runs(
        { environment: OWN_FILE, files: { token: '{token}\n' }, mayFail: true },
        { 'credentials.tokens': matching(/^((first|none)(,|$))*$/) },
      ),
    ],
  });

  scenario('CL-29', 'a token with a line break adds no header to the request', {
    source: `${TOKEN_FILE}; RFC 9110, 5.5: a field value has no line break`,
    ...POD_IDENTITY,
    probes: [
      runs(
        { environment: OWN_FILE, files: { token: '{token}\r\nx-injected: 1' }, mayFail: true },
        { 'credentials.injected': 0 },
      ),
    ],
  });

  scenario('CL-30', 'a client sends the token over plain HTTP only to the agent', {
    source: `${CONTAINER}; SDKs accept only HTTPS, loopback and the agent addresses of ECS and EKS`,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT, AS_IN_A_POD)),
      findsNothing(
        { ...AS_IN_A_POD, environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: '{elsewhere-address}/v1/credentials' } },
        { 'elsewhere.tokens': isAbsent },
      ),
    ],
  });

  scenario('CL-34', 'a client sends no token to a host whose name or address nearly equals an allowed one', {
    source: `${CONTAINER}; SDKs accept only HTTPS, loopback and the agent addresses of ECS and EKS; RFC 3986, 3.2.1: user information is not the host`,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT, AS_IN_A_POD)),
      ...[
        ...['169.254.170.230', '[2001:db8::1]', '[fd00:ec2::231]', '169.254.170.23.example.com'],
        ...['127.0.0.1.example.com', 'localhost.example.com', '169.254.170.23@192.0.2.23', 'localhost:80@192.0.2.23'],
      ].map((host) => leads({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${host}/v1/credentials` })),
      ...['@192.0.2.23/v1/credentials', ':80@192.0.2.23/', '.example.com/v1/credentials', '0/v1/credentials'].map(
        (path) => leads({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: null }),
      ),
    ],
  });

  scenario('CL-35', 'a client requests credentials from any host over HTTPS', {
    source: `${CONTAINER}: AWS_CONTAINER_CREDENTIALS_FULL_URI; AWS SDK for Java 1.x API Reference, ContainerCredentialsProvider: all HTTPS endpoints are allowed; AWS SDK for Rust, aws_config::ecs: a URL that begins with https`,
    needs: ['client-network'],
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      // The client does not trust the certificate of this host.
      findsNothing(
        {
          ...AS_IN_A_POD,
          environment: {
            AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://sts.<region:c1>.amazonaws.com/v1/credentials',
          },
        },
        { 'sts.regional.connections': between(1, 100) },
      ),
    ],
  });

  scenario('CL-31', 'a client does not send the token to the target of a redirect', {
    source:
      'RFC 9110, 15.4: a client that follows a redirect should leave out Authorization, which was for another host',
    ...POD_IDENTITY,
    probes: [
      runs(
        {
          credentials: [{ status: 307, headers: { location: '{elsewhere}/v1/credentials' }, body: '' }],
          mayFail: true,
        },
        { 'elsewhere.tokens': isAbsent, 'credentials.requests': between(1, 30) },
      ),
    ],
  });
});
