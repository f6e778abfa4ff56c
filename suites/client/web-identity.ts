/** Clients with a web identity (IRSA). */
import { between, suite } from '../../harness/index.ts';
import {
  FINDS_OTHERWISE,
  findsNothing,
  IRSA,
  METADATA_REACHABLE,
  NO_FALLBACK,
  NO_NODE_ROLE,
  RETRIES,
  runs,
  stsError,
  UPSTREAM,
  WEB_IDENTITY,
} from './lib/client.ts';

const tokenFile = (path: string) => ({ AWS_WEB_IDENTITY_TOKEN_FILE: path });

suite('client', ({ scenario }) => {
  scenario('CL-60', 'a client uses AWS_ROLE_SESSION_NAME as the name of its session', {
    source: `${WEB_IDENTITY}: AWS_ROLE_SESSION_NAME`,
    ...IRSA,
    probes: [
      runs(
        { environment: { AWS_ROLE_SESSION_NAME: 'named-by-the-pod' } },
        { 'sts.sessionNames': 'named-by-the-pod', signed: 'web-identity' },
      ),
    ],
  });

  scenario('CL-61', 'a client rereads the web identity token file for each session', {
    profile: 'core',
    keywords: ['rotation'],
    source: `${WEB_IDENTITY}: AWS_WEB_IDENTITY_TOKEN_FILE; Kubernetes documentation, "ServiceAccount token volume projection": an application has to load the token again when it is rotated`,
    ...IRSA,
    probes: [
      runs(
        {
          environment: tokenFile('{files}/token'),
          files: { token: '{token}' },
          sts: [{ lifeSeconds: 3 }],
          steps: [{}, { waitSeconds: 4, files: { token: '{second-token}' } }],
        },
        { 'sts.tokens': 'first,second', 'sts.lastToken': 'second', expired: 0 },
      ),
    ],
  });

  scenario('CL-62', 'a client retries after IDPCommunicationError', {
    source: 'AWS STS API Reference, AssumeRoleWithWebIdentity: IDPCommunicationError is often transient, retry',
    ...IRSA,
    probes: [
      runs(
        { sts: [stsError(400, 'IDPCommunicationError', 'The identity provider could not be reached.'), UPSTREAM] },
        { 'sts.requests': between(2, 10), signed: 'web-identity' },
      ),
    ],
  });

  scenario('CL-63', 'a client retries after STS fails once', {
    source: `${RETRIES}: transient errors are retried`,
    ...IRSA,
    probes: [
      runs(
        { sts: [stsError(503, 'ServiceUnavailable', 'Try again.'), UPSTREAM] },
        { 'sts.requests': between(2, 10), signed: 'web-identity' },
      ),
    ],
  });

  scenario('CL-64', "after a refusal by STS, a client does not use the node's role", {
    profile: 'core',
    source: NO_FALLBACK,
    ...IRSA,
    probes: [
      FINDS_OTHERWISE,
      findsNothing(
        {
          environment: METADATA_REACHABLE,
          sts: [stsError(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity')],
        },
        NO_NODE_ROLE,
      ),
    ],
  });

  scenario('CL-65', "without a web identity token file, a client does not use the node's role", {
    source: NO_FALLBACK,
    ...IRSA,
    probes: [
      FINDS_OTHERWISE,
      findsNothing({ environment: { ...METADATA_REACHABLE, ...tokenFile('{files}/none') } }, NO_NODE_ROLE),
    ],
  });
});
