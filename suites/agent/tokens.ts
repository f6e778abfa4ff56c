/** Which tokens the agent rejects before it calls EKS Auth. */
import { control, fetchCredentials, minted, noToken, refused, suite, text } from '../../harness/index.ts';
import { AGENT_ERRORS, AGENT_VALIDATION, EKS_AUTH, HOW_IT_WORKS } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import {
  CONTROL,
  FROM_CACHE,
  invalidToken,
  PLAIN_TEXT,
  POD_TOKEN,
  refusedByAgent,
  refusedByEksAuth,
  STS_TOKEN,
  unsignedToken,
} from './lib/requests.ts';

/** In seconds since the epoch: the year 2286. */
const FAR_OFF = 9_999_999_999;
const unsigned = (header: object, claims: unknown) =>
  text(unsignedToken(JSON.stringify(header), JSON.stringify(claims)));
const EMPTY = 'Service account token cannot be empty';
const SEGMENTS = 'token contains an invalid number of segments';
const BAD_BASE64 = 'could not base64 decode header: illegal base64 data at input byte 6';
const HEADER = 'could not JSON decode header';
const CLAIMS = 'could not JSON decode claim';
const NO_ALGORITHM = 'token is unverifiable: signing method (alg) is';
const EXPIRED = 'Service account token failed basic claim validations: token is expired';
const EARLY = 'Service account token failed basic claim validations: token is not valid yet';

suite('agent', ({ scenario }) => {
  scenario('AP-02', 'the agent rejects a request without a token', {
    profile: 'core',
    source: AGENT_VALIDATION,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      refusedByAgent({ token: noToken }, 400, EMPTY, PLAIN_TEXT),
      refusedByAgent({ token: text('') }, 400, EMPTY),
    ],
  });

  scenario('AP-04', 'the agent rejects a token with a "Bearer" prefix, a malformed segment or an unknown algorithm', {
    source: `${AGENT_VALIDATION}; golang-jwt, parser`,
    ...ASSOCIATED,
    keywords: ['malformed token', 'Authorization header'],
    probes: [
      CONTROL,
      refusedByAgent({ change: 'bearer-prefix' }, 400, BAD_BASE64, PLAIN_TEXT),
      refusedByAgent({ change: 'two-segments' }, 400, SEGMENTS),
      ...['a.b', 'a.b.c.d'].map((token) => refusedByAgent({ token: text(token) }, 400, SEGMENTS)),
      refusedByAgent({ change: 'garbage-header' }, 400, HEADER),
      refusedByAgent({ change: 'garbage-claims' }, 400, CLAIMS),
      refusedByAgent({ token: unsigned({ alg: 'RS256' }, 'no object') }, 400, CLAIMS),
      refusedByAgent({ token: unsigned({ typ: 'JWT' }, {}) }, 400, `${NO_ALGORITHM} unspecified`),
      refusedByAgent({ token: unsigned({ alg: 'RS255' }, {}) }, 400, `${NO_ALGORITHM} unavailable`),
    ],
  });

  scenario('AP-06', 'the agent rejects an expired token without calling EKS Auth', {
    profile: 'core',
    source: `${AGENT_VALIDATION}, TestValidateEksCredentialRequest`,
    ...ASSOCIATED,
    probes: [CONTROL, refusedByAgent({ change: 'expired' }, 400, EXPIRED, FROM_CACHE)],
  });

  scenario('AP-07', 'the agent rejects a token that is not yet valid, and reports all its errors', {
    source: `${AGENT_VALIDATION}, TestValidateEksCredentialRequest; golang-jwt, validator`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      refusedByAgent({ change: 'not-yet-valid' }, 400, EARLY, FROM_CACHE),
      refusedByAgent(
        { token: unsigned({ alg: 'RS256' }, { exp: 1, nbf: FAR_OFF }) },
        400,
        'token is expired, token is not valid yet',
      ),
      // A token may omit both times; then EKS Auth decides.
      refused(
        'app',
        fetchCredentials({ token: unsigned({ alg: 'RS256' }, { 'kubernetes.io': { pod: { uid: 'x' } } }) }),
        { by: 'eks-auth', status: 400 },
      ),
    ],
  });

  scenario('AP-13', 'EKS Auth rejects a pod token for another audience, and the agent passes the status on', {
    profile: 'core',
    keywords: ['wrong audience'],
    source: `${HOW_IT_WORKS}: audience pods.eks.amazonaws.com; ${AGENT_ERRORS}`,
    ...ASSOCIATED,
    tokens: { sts: STS_TOKEN, right: POD_TOKEN },
    probes: [
      control('app', fetchCredentials({ token: minted('right') })),
      invalidToken({ token: minted('sts') }, PLAIN_TEXT),
    ],
  });

  scenario('AP-14', 'EKS Auth rejects tokens with an invalid signature', {
    profile: 'core',
    source: `${EKS_AUTH}, InvalidTokenException; ${AGENT_VALIDATION}`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      invalidToken({ change: 'flip-signature' }),
      invalidToken({ change: 'self-signed' }),
      // The third segment is empty, which also violates the parameter's pattern. AWS does not document which error wins.
      refusedByEksAuth({ change: 'alg-none' }, ['InvalidTokenException', 'InvalidParameterException'], 400),
    ],
  });
});
