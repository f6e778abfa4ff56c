/** Which tokens the agent refuses before it asks EKS Auth. */
import { control, fetchCredentials, matching, minted, noToken, refused, suite, text } from '../../harness/index.ts';
import { AGENT_ERRORS, AGENT_VALIDATION } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';

/** In seconds since the epoch: the year 2286. */
const FAR_OFF = 9_999_999_999;
/** A token that nobody signed. */
const unsigned = (...parts: readonly [header: object, claims: unknown]) =>
  text([...parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), 'c2lnbmF0dXJl'].join('.'));
const PLAIN_TEXT = { contentType: matching(/^text\/plain/) };

suite('agent', ({ scenario }) => {
  scenario('AP-02', 'a request without a token is refused', {
    profile: 'core',
    source: AGENT_VALIDATION,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ token: noToken }), {
        by: 'agent',
        status: 400,
        message: 'Service account token cannot be empty',
        facts: PLAIN_TEXT,
      }),
      refused('app', fetchCredentials({ token: text('') }), {
        by: 'agent',
        status: 400,
        message: 'Service account token cannot be empty',
      }),
    ],
  });

  scenario('AP-03', 'the token stands alone in the Authorization header: "Bearer" is refused', {
    source: AGENT_VALIDATION + '; golang-jwt, parser',
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'bearer-prefix' }), {
        by: 'agent',
        status: 400,
        message: 'could not base64 decode header: illegal base64 data at input byte 6',
        facts: PLAIN_TEXT,
      }),
    ],
  });

  scenario('AP-04', 'a token has three segments', {
    source: AGENT_VALIDATION + '; golang-jwt, parser',
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'two-segments' }), {
        by: 'agent',
        status: 400,
        message: 'token contains an invalid number of segments',
      }),
      ...['a.b', 'a.b.c.d'].map((token) =>
        refused('app', fetchCredentials({ token: text(token) }), {
          by: 'agent',
          status: 400,
          message: 'token contains an invalid number of segments',
        }),
      ),
    ],
  });

  scenario('AP-05', 'header and claims of a token are JSON', {
    source: AGENT_VALIDATION + '; golang-jwt, parser',
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'garbage-header' }), {
        by: 'agent',
        status: 400,
        message: 'could not JSON decode header',
      }),
      refused('app', fetchCredentials({ change: 'garbage-claims' }), {
        by: 'agent',
        status: 400,
        message: 'could not JSON decode claim',
      }),
    ],
  });

  scenario('AP-05b', 'the algorithm of a token is one that there is', {
    source: AGENT_VALIDATION + '; golang-jwt, parser',
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ token: unsigned({ typ: 'JWT' }, {}) }), {
        by: 'agent',
        status: 400,
        message: 'token is unverifiable: signing method (alg) is unspecified',
      }),
      refused('app', fetchCredentials({ token: unsigned({ alg: 'RS255' }, {}) }), {
        by: 'agent',
        status: 400,
        message: 'token is unverifiable: signing method (alg) is unavailable',
      }),
      refused('app', fetchCredentials({ token: unsigned({ alg: 'RS256' }, 'no object') }), {
        by: 'agent',
        status: 400,
        message: 'could not JSON decode claim',
      }),
    ],
  });

  scenario('AP-06', 'the agent refuses an expired token without asking EKS Auth', {
    profile: 'core',
    source: AGENT_VALIDATION + ', TestValidateEksCredentialRequest',
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'expired' }), {
        by: 'agent',
        status: 400,
        message: 'Service account token failed basic claim validations: token is expired',
        facts: { upstreamCalls: 0 },
      }),
    ],
  });

  scenario('AP-07', 'the agent refuses a token that is not valid yet without asking EKS Auth', {
    source: AGENT_VALIDATION + ', TestValidateEksCredentialRequest',
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'not-yet-valid' }), {
        by: 'agent',
        status: 400,
        message: 'Service account token failed basic claim validations: token is not valid yet',
        facts: { upstreamCalls: 0 },
      }),
    ],
  });

  scenario('AP-07b', 'the agent tells all that is wrong with the times of a token', {
    source: AGENT_VALIDATION + '; golang-jwt, validator',
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ token: unsigned({ alg: 'RS256' }, { exp: 1, nbf: FAR_OFF }) }), {
        by: 'agent',
        status: 400,
        message: 'token is expired, token is not valid yet',
      }),
      // A token may leave out both: EKS Auth then says what it thinks of it.
      refused(
        'app',
        fetchCredentials({ token: unsigned({ alg: 'RS256' }, { 'kubernetes.io': { pod: { uid: 'x' } } }) }),
        {
          by: 'eks-auth',
          status: 400,
        },
      ),
    ],
  });

  scenario('AP-13', "a token of the pod for another audience is refused by EKS Auth, with the agent's status its own", {
    profile: 'core',
    source:
      'Amazon EKS User Guide, "Understand how EKS Pod Identity works": audience pods.eks.amazonaws.com; ' +
      AGENT_ERRORS,
    ...ASSOCIATED,
    // Bound to the pod like the projected one: the audience is all that is wrong with it.
    tokens: {
      sts: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com', boundTo: 'app' },
      right: { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com', boundTo: 'app' },
    },
    probes: [
      control('app', fetchCredentials({ token: minted('right') })),
      refused('app', fetchCredentials({ token: minted('sts') }), {
        by: 'eks-auth',
        code: 'InvalidTokenException',
        status: 400,
        facts: PLAIN_TEXT,
      }),
    ],
  });

  scenario('AP-14', 'signatures are checked by EKS Auth', {
    profile: 'core',
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, InvalidTokenException; ' + AGENT_VALIDATION,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'flip-signature' }), {
        by: 'eks-auth',
        code: 'InvalidTokenException',
        status: 400,
      }),
      refused('app', fetchCredentials({ change: 'self-signed' }), {
        by: 'eks-auth',
        code: 'InvalidTokenException',
        status: 400,
      }),
      // The third segment is empty then, which breaks the pattern of the parameter as well: AWS does not say which counts.
      refused('app', fetchCredentials({ change: 'alg-none' }), {
        by: 'eks-auth',
        code: ['InvalidTokenException', 'InvalidParameterException'],
        status: 400,
      }),
    ],
  });
});
