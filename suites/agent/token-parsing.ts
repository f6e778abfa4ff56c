/** How the agent parses tokens: as golang-jwt and Go's encoding/json do. */
import { fetchCredentials, refused, suite, text } from '../../harness/index.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL, refusedByAgent, unsignedToken } from './lib/requests.ts';

const PARSER = 'eks-pod-identity-agent source, internal/validation; golang-jwt v5, parser';
const JSON_OF_GO = 'Go, package encoding/json';
/** In seconds since the epoch: the year 2286. */
const FAR_OFF = 9_999_999_999;
const RS256 = '{"alg":"RS256"}';
/** An agent that caches by pod rejects tokens without this claim. */
const POD = '"kubernetes.io":{"pod":{"uid":"x"}}';
const faulty = (value: string, message: string) => refusedByAgent({ token: text(value) }, 400, message);
/** Expects that the agent accepts the token. EKS Auth rejects it, because its signature is not valid. */
const passedOn = (value: string) =>
  refused('app', fetchCredentials({ token: text(value) }), { by: 'eks-auth', status: 400 });
const faultyHeader = (header: string, message: string) => faulty(unsignedToken(header, '{}'), message);
const faultyClaims = (claims: string, message: string) => faulty(unsignedToken(RS256, claims), message);
const WITH_ALGORITHM = ['HS', 'RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((bits) => family + bits));

suite('agent', ({ scenario }) => {
  const BASE64 = 'could not base64 decode header: illegal base64 data at input byte';
  const HEADER = 'could not JSON decode header:';
  const UNVERIFIABLE = 'token is unverifiable: signing method (alg) is';
  const NUMERIC = 'could not JSON decode claim: could not parse NumericData: json: ';
  const REGISTERED = 'could not JSON decode claim: json: cannot unmarshal ';
  const textExpected = (kind: string, claim: string) =>
    `${REGISTERED}${kind} into Go struct field RegisteredClaims.${claim} of type string`;
  const EXPIRED = 'Service account token failed basic claim validations: token is expired';
  const EARLY = 'Service account token failed basic claim validations: token is not valid yet';

  scenario('AP-40', 'the header of a token must be a JSON object with a known algorithm', {
    source: `${PARSER}; ${JSON_OF_GO}`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      faulty('x.y.z', `${BASE64} 0`),
      faulty('abcde.e30.x', `${BASE64} 4`),
      faulty('e30=.e30.x', `${BASE64} 3`),
      faultyHeader('<x>', `${HEADER} invalid character '<' looking for beginning of value`),
      faultyHeader('', `${HEADER} unexpected end of JSON input`),
      faultyHeader('[]', `${HEADER} json: cannot unmarshal array into Go value of type map[string]interface {}`),
      ...['1e400', '[0,1e400,1e500]', '{"deep":[{"er":1e400}],"later":1e500}'].map((value) =>
        faultyHeader(
          `{"alg":"RS256","x":${value}}`,
          `${HEADER} json: cannot unmarshal number 1e400 into Go value of type float64`,
        ),
      ),
      ...['null', '{}', '{"alg":256}', '{"alg":null}', '{"ALG":"RS256"}', '{"alg":"RS256","alg":null}'].map((header) =>
        faultyHeader(header, `${UNVERIFIABLE} unspecified`),
      ),
      ...['', 'XX999', 'rs256', 'RS', '256', 'RS255', 'None', 'EDDSA'].map((alg) =>
        faultyHeader(JSON.stringify({ alg }), `${UNVERIFIABLE} unavailable`),
      ),
      ...[...WITH_ALGORITHM, 'EdDSA', 'none'].map((alg) =>
        passedOn(unsignedToken(JSON.stringify({ alg }), `{${POD}}`)),
      ),
      // The last of duplicate names counts, and a number within the range of float64 is valid.
      passedOn(unsignedToken('{"alg":"XX","x":[1e300],"alg":"RS256"}', `{${POD}}`)),
      passedOn(unsignedToken(RS256, `{${POD}}`).replace(/[^.]*$/, '!!')),
    ],
  });

  scenario('AP-41', 'registered claims of a token must have the types of RFC 7519', {
    source: `${PARSER}; golang-jwt v5, RegisteredClaims; ${JSON_OF_GO}`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      faulty(
        unsignedToken(RS256, '{}').replace(/\.[^.]*\.[^.]*$/, '.e30=.x'),
        'token is malformed: could not base64 decode claim: illegal base64 data at input byte 3',
      ),
      faultyClaims('{"exp":1', 'could not JSON decode claim: unexpected end of JSON input'),
      faultyClaims('"a"', `${REGISTERED}string into Go value of type jwt.RegisteredClaims`),
      faultyClaims('[]', `${REGISTERED}array into Go value of type jwt.RegisteredClaims`),
      faultyClaims('1', `${REGISTERED}number into Go value of type jwt.RegisteredClaims`),
      faultyClaims('true', `${REGISTERED}bool into Go value of type jwt.RegisteredClaims`),
      ...['soon', '', '01', '1.', '.5', '1e', '+1', ' 1'].map((value) =>
        faultyClaims(
          JSON.stringify({ exp: value }),
          `${NUMERIC}invalid number literal, trying to unmarshal "\\"${value}\\"" into Number`,
        ),
      ),
      ...['exp', 'nbf', 'iat'].map((claim) =>
        faultyClaims(`{"${claim}":true}`, `${NUMERIC}cannot unmarshal bool into Go value of type json.Number`),
      ),
      faultyClaims('{"exp":[]}', `${NUMERIC}cannot unmarshal array`),
      faultyClaims('{"exp":{}}', `${NUMERIC}cannot unmarshal object`),
      ...['1e400', '"1e400"', '-1e400'].map((value) =>
        faultyClaims(`{"exp":${value}}`, 'could not convert json number value to float: strconv.ParseFloat: parsing "'),
      ),
      ...['iss', 'sub', 'jti'].map((claim) => faultyClaims(`{"${claim}":1}`, textExpected('number', claim))),
      faultyClaims('{"iss":[],"sub":1}', textExpected('array', 'iss')),
      faultyClaims('{"i\u017fs":1}', textExpected('number', 'iss')),
      // A claim with its own decoder fails first, even after other type errors.
      faultyClaims('{"iss":1,"exp":"soon"}', `${NUMERIC}invalid number literal`),
      ...['1', 'true', '{}', '[1]', '["a",null]', '["a",["b"]]'].map((value) =>
        faultyClaims(`{"iss":1,"aud":${value}}`, 'could not JSON decode claim: invalid type for claim'),
      ),
      ...['1e400', '["a",1e400]', '{"a":1e400}'].map((value) =>
        faultyClaims(
          `{"aud":${value}}`,
          `${REGISTERED}number 1e400 into Go struct field RegisteredClaims.aud of type float64`,
        ),
      ),
      ...[
        '"aud":"sts.amazonaws.com"',
        '"aud":[]',
        '"aud":["a","b"]',
        '"aud":null',
        '"iss":null,"sub":"a","jti":null',
        '"other":1,"Subject":[]',
        `"other":"${'x'.repeat(20_000)}"`,
      ].map((claims) => passedOn(unsignedToken(RS256, `{${claims},${POD}}`))),
    ],
  });

  scenario('AP-42', 'times in a token may be numbers or numeric strings, in seconds', {
    source: `${PARSER}; golang-jwt v5, NumericDate and Validator; RFC 7519, "NumericDate"`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      // The last two overflow Go's 64-bit time.
      ...['0', '-1', '1', '"1"', '1.9', '1e3', '"1E3"', '-0', '1e300', '9.3e18'].map((exp) =>
        faultyClaims(`{"exp":${exp}}`, EXPIRED),
      ),
      ...['EXP', 'Exp', 'eXp'].map((name) => faultyClaims(`{"${name}":1}`, EXPIRED)),
      faultyClaims(`{"exp":${FAR_OFF},"exp":1}`, EXPIRED),
      ...[`${FAR_OFF}`, `"${FAR_OFF}"`, `${FAR_OFF}.5`, '9.999999999e9'].map((nbf) =>
        faultyClaims(`{"nbf":${nbf}}`, EARLY),
      ),
      faultyClaims(`{"nbf":${FAR_OFF},"exp":1}`, `${EXPIRED}, token is not valid yet`),
      ...[
        `"exp":${FAR_OFF}`,
        `"exp":"${FAR_OFF}"`,
        `"exp":"9.999999999e+9"`,
        `"exp":${FAR_OFF}.5`,
        '"exp":null',
        '"exp":1,"exp":null',
        '"exp":9e18',
        '"nbf":1',
        '"nbf":0',
        '"nbf":null',
        `"nbf":${FAR_OFF},"NBF":null`,
        // This overflows into the distant past.
        '"nbf":1e300',
        `"iat":${FAR_OFF}`,
        `"expires":1,"nbfs":${FAR_OFF}`,
      ].map((claims) => passedOn(unsignedToken(RS256, `{${claims},${POD}}`))),
    ],
  });
});
