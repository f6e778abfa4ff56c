/** Which token a client sends to the agent, when it reads it, and where it must not send it. */
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

suite('client', ({ scenario }) => {
  scenario('CL-20', 'the token file wins over AWS_CONTAINER_AUTHORIZATION_TOKEN', {
    source: `${CONTAINER}: AWS_CONTAINER_AUTHORIZATION_TOKEN is used only where the file is not set`,
    ...POD_IDENTITY,
    probes: [
      runs(
        { environment: { AWS_CONTAINER_AUTHORIZATION_TOKEN: '{environment-token}' } },
        { 'credentials.tokens': 'first' },
      ),
    ],
  });

  scenario('CL-21', 'AWS_CONTAINER_AUTHORIZATION_TOKEN is sent if there is no token file', {
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

  scenario('CL-26', 'without its token file a client gets no credentials', {
    source: `${TOKEN_FILE}; ${CHAIN}`,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: { ...tokenFile('{files}/none'), ...METADATA_REACHABLE } }, NO_NODE_ROLE),
    ],
  });

  scenario('CL-27', 'with an empty token file a client gets no credentials', {
    source: `${TOKEN_FILE}; ${CHAIN}`,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: { ...OWN_FILE, ...METADATA_REACHABLE }, files: { token: '' } }, NO_NODE_ROLE),
    ],
  });

  scenario('CL-28', 'a newline behind the token is not sent', {
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

  scenario('CL-29', 'a token with a line break in it adds no header to the request', {
    source: `${TOKEN_FILE}; RFC 9110, 5.5: a field value has no line break`,
    ...POD_IDENTITY,
    probes: [
      runs(
        { environment: OWN_FILE, files: { token: '{token}\r\nx-injected: 1' }, mayFail: true },
        { 'credentials.injected': 0 },
      ),
    ],
  });

  scenario('CL-30', 'the token is sent over plain HTTP to no host but the agent', {
    source: `${CONTAINER}; SDKs take HTTPS, loopback and the addresses of the agents of ECS and EKS alone`,
    ...POD_IDENTITY,
    probes: [
      control('app', runClient(OBJECT, AS_IN_A_POD)),
      findsNothing(
        { ...AS_IN_A_POD, environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: '{elsewhere-address}/v1/credentials' } },
        { 'elsewhere.tokens': isAbsent },
      ),
    ],
  });

  scenario('CL-31', 'the token is not sent on to where a redirect leads', {
    source: 'RFC 9110, 15.4: whoever follows a redirect should leave out Authorization, since it was for another host',
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
