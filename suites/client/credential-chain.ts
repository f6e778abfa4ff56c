/**
 * Where a client finds credentials in its pod's settings, and which of them it uses. A client is an SDK, or a program with its
 * own credential chain.
 */
import { between, getObject, granted, suite } from '../../harness/index.ts';
import {
  AS_IN_A_POD,
  CHAIN,
  CONTAINER,
  ENVIRONMENT_KEYS,
  FINDS_OTHERWISE,
  findsNothing,
  IRSA,
  METADATA,
  METADATA_REACHABLE,
  NO_CONTAINER,
  OBJECT,
  POD_IDENTITY,
  runs,
  WEB_IDENTITY,
} from './lib/client.ts';

const SEARCH = `${CHAIN}: once valid credentials are found, the search is stopped`;
/** Adds a web identity to the other settings; the responses of STS are scripted. */
const WEB_IDENTITY_TOO = {
  environment: { AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/scripted', AWS_WEB_IDENTITY_TOKEN_FILE: '{files}/web' },
  files: { web: '{second-token}' },
  sts: [{}],
} as const;

suite('client', ({ scenario }) => {
  scenario('CL-01', 'a client finds Pod Identity credentials without manual settings', {
    profile: 'core',
    source: CONTAINER,
    ...POD_IDENTITY,
    probes: [
      granted('app', getObject(OBJECT)),
      runs({}, { signed: 'container', 'credentials.tokens': 'first', 'credentials.target': 'GET /v1/credentials' }),
    ],
  });

  scenario('CL-02', 'a client finds IRSA credentials without manual settings', {
    profile: 'core',
    source: WEB_IDENTITY,
    ...IRSA,
    probes: [granted('app', getObject(OBJECT)), runs({}, { signed: 'web-identity', 'sts.tokens': 'first' })],
  });

  scenario('CL-03', 'access keys in the environment take precedence over Pod Identity', {
    keywords: ['static keys'],
    source: SEARCH,
    ...POD_IDENTITY,
    probes: [runs({ environment: ENVIRONMENT_KEYS }, { signed: 'environment', 'credentials.requests': 0 })],
  });

  scenario('CL-04', 'a web identity takes precedence over Pod Identity', {
    source: `${SEARCH}; the chain of each SDK has the web identity first`,
    needs: ['configurable-sts'],
    ...POD_IDENTITY,
    probes: [runs(WEB_IDENTITY_TOO, { signed: 'web-identity', 'sts.tokens': 'second', 'credentials.requests': 0 })],
  });

  scenario('CL-05', 'access keys in the environment take precedence over a web identity', {
    keywords: ['static keys'],
    source: SEARCH,
    ...IRSA,
    probes: [runs({ environment: ENVIRONMENT_KEYS }, { signed: 'environment', 'sts.requests': 0 })],
  });

  scenario('CL-06', 'Pod Identity takes precedence over instance metadata', {
    keywords: ['IMDS'],
    source: `${METADATA}: SDKs use instance metadata if no other credentials are configured`,
    ...POD_IDENTITY,
    probes: [runs({ environment: METADATA_REACHABLE }, { signed: 'container', 'metadata.credentials': 0 })],
  });

  scenario('CL-07', 'access keys in the default profile take precedence over Pod Identity', {
    keywords: ['static keys'],
    source: `${SEARCH}; "Shared config and credentials files"`,
    needs: ['sdk-chain'],
    ...POD_IDENTITY,
    probes: [
      runs(
        {
          environment: { AWS_SHARED_CREDENTIALS_FILE: '{files}/credentials', AWS_CONFIG_FILE: '{files}/config' },
          files: {
            config: '[default]\n',
            credentials:
              '[default]\naws_access_key_id = {profile-key-id}\naws_secret_access_key = {profile-secret}\naws_session_token = {profile-session}\n',
          },
        },
        { signed: 'profile', 'credentials.requests': 0 },
      ),
    ],
  });

  scenario('CL-08', 'a client without other settings calls instance metadata with IMDSv2', {
    keywords: ['IMDS'],
    source: `${METADATA}; Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata"`,
    ...POD_IDENTITY,
    probes: [
      runs(
        { environment: { ...NO_CONTAINER, ...METADATA_REACHABLE } },
        { signed: 'metadata', 'metadata.withoutToken': 0 },
      ),
    ],
  });

  scenario('CL-09', 'a client does not call instance metadata if AWS_EC2_METADATA_DISABLED is true', {
    keywords: ['IMDS'],
    source: `${METADATA}: AWS_EC2_METADATA_DISABLED`,
    ...POD_IDENTITY,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: { ...NO_CONTAINER, AWS_EC2_METADATA_DISABLED: 'true' } }, { 'metadata.requests': 0 }),
    ],
  });

  scenario('CL-10', 'a client requests credentials at the whole URL in AWS_CONTAINER_CREDENTIALS_FULL_URI', {
    source: `${CONTAINER}: AWS_CONTAINER_CREDENTIALS_FULL_URI`,
    ...POD_IDENTITY,
    probes: [
      runs(
        { environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: '{credentials}/another/path?name=value' } },
        { 'credentials.target': 'GET /another/path?name=value' },
      ),
    ],
  });

  scenario('CL-11', "a client accepts the agent's IPv4 address", {
    source: `${CONTAINER}; Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"`,
    ...POD_IDENTITY,
    probes: [runs(AS_IN_A_POD, { signed: 'container', 'credentials.hosts': '169.254.170.23' })],
  });

  scenario('CL-12', "a client accepts the agent's IPv6 address", {
    source: `${CONTAINER}; Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"`,
    ...POD_IDENTITY,
    probes: [
      runs(
        { ...AS_IN_A_POD, environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: '{agent-ipv6}/v1/credentials' } },
        { signed: 'container', 'credentials.hosts': '[fd00:ec2::23]' },
      ),
    ],
  });

  scenario('CL-13', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI takes precedence over the full URI', {
    source: `${CONTAINER}: the full URI is used only if AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set`,
    ...POD_IDENTITY,
    probes: [
      runs(
        {
          ...AS_IN_A_POD,
          environment: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials' },
          // Like ECS, responds to callers without a token.
          credentials: [{}],
        },
        { 'credentials.hosts': '169.254.170.2', 'credentials.target': 'GET /v2/credentials' },
      ),
    ],
  });

  scenario('CL-14', 'a client calls STS in the region of the pod', {
    source:
      'AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints"; amazon-eks-pod-identity-webhook, AWS_STS_REGIONAL_ENDPOINTS',
    needs: ['client-network'],
    ...IRSA,
    probes: [
      FINDS_OTHERWISE,
      findsNothing(
        { ...AS_IN_A_POD, environment: { AWS_ENDPOINT_URL: null } },
        { 'sts.regional.connections': between(1, 100), 'sts.global.connections': 0 },
      ),
    ],
  });
});
