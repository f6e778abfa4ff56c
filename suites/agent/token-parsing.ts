/** How the agent parses tokens: as golang-jwt and Go's encoding/json do. */
import { fetchCredentials, refused, suite, text } from '../../harness/index.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL, refusedByAgent, unsignedToken } from './lib/requests.ts';

const PARSER = 'eks-pod-identity-agent source, internal/validation; golang-jwt v5, parser';
const JSON_OF_GO = 'Go, package encoding/json';
/** In seconds since the epoch: the year 2286. */
const FAR_OFF = 9_999_999_999;
const RS256 = '{"alg":"RS256"}';
/** Without a pod, an agent that keeps credentials by pod refuses a token itself. */
const POD = '"kubernetes.io":{"pod":{"uid":"x"}}';
const faulty = (value: string, message: string) => refusedByAgent({ token: text(value) }, 400, message);
/** The agent finds nothing wrong with it. EKS Auth does, since nobody signed it. */
const passedOn = (value: string) =>
  refused('app', fetchCredentials({ token: text(value) }), { by: 'eks-auth', status: 400 });
/** A token, or its claims, and what the agent says of it. */
type Fault = readonly [value: string, message: string];
const WITH_ALGORITHM = ['HS', 'RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((bits) => family + bits));

suite('agent', ({ scenario }) => {
  const NUMERIC = 'could not JSON decode claim: could not parse NumericData: json: ';
  const REGISTERED = 'could not JSON decode claim: json: cannot unmarshal ';
  const EXPIRED = 'Service account token failed basic claim validations: token is expired';
  const EARLY = 'Service account token failed basic claim validations: token is not valid yet';

  scenario('AP-40', 'the header of a token is a JSON object that names an algorithm there is', {
    source: `${PARSER}; ${JSON_OF_GO}`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      ...(
        [
          ['x.y.z', 'could not base64 decode header: illegal base64 data at input byte 0'],
          ['abcde.e30.x', 'could not base64 decode header: illegal base64 data at input byte 4'],
          ['e30=.e30.x', 'could not base64 decode header: illegal base64 data at input byte 3'],
          [
            unsignedToken('<x>', '{}'),
            "could not JSON decode header: invalid character '<' looking for beginning of value",
          ],
          [unsignedToken('', '{}'), 'could not JSON decode header: unexpected end of JSON input'],
          [
            unsignedToken('[]', '{}'),
            'could not JSON decode header: json: cannot unmarshal array into Go value of type map[string]interface {}',
          ],
          ...['1e400', '[0,1e400,1e500]', '{"deep":[{"er":1e400}],"later":1e500}'].map((value): Fault => [
            unsignedToken(`{"alg":"RS256","x":${value}}`, '{}'),
            'could not JSON decode header: json: cannot unmarshal number 1e400 into Go value of type float64',
          ]),
          ...['null', '{}', '{"alg":256}', '{"alg":null}', '{"ALG":"RS256"}', '{"alg":"RS256","alg":null}'].map(
            (header): Fault => [
              unsignedToken(header, '{}'),
              'token is unverifiable: signing method (alg) is unspecified',
            ],
          ),
          ...['', 'XX999', 'rs256', 'RS', '256', 'RS255', 'None', 'EDDSA'].map((alg): Fault => [
            unsignedToken(JSON.stringify({ alg }), '{}'),
            'token is unverifiable: signing method (alg) is unavailable',
          ]),
        ] satisfies Fault[]
      ).map(([value, message]) => faulty(value, message)),
      ...[...WITH_ALGORITHM, 'EdDSA', 'none'].map((alg) =>
        passedOn(unsignedToken(JSON.stringify({ alg }), `{${POD}}`)),
      ),
      // The last of equal names counts, and a number that a float64 holds harms nothing.
      passedOn(unsignedToken('{"alg":"XX","x":[1e300],"alg":"RS256"}', `{${POD}}`)),
      passedOn(unsignedToken(RS256, `{${POD}}`).replace(/[^.]*$/, '!!')),
    ],
  });

  scenario('AP-41', 'registered claims of a token have the types of RFC 7519', {
    source: `${PARSER}; golang-jwt v5, RegisteredClaims; ${JSON_OF_GO}`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      faulty(
        unsignedToken(RS256, '{}').replace(/\.[^.]*\.[^.]*$/, '.e30=.x'),
        'token is malformed: could not base64 decode claim: illegal base64 data at input byte 3',
      ),
      ...(
        [
          ['{"exp":1', 'could not JSON decode claim: unexpected end of JSON input'],
          ...(
            [
              ['"a"', 'string'],
              ['[]', 'array'],
              ['1', 'number'],
              ['true', 'bool'],
            ] as const
          ).map(([claims, kind]): Fault => [claims, `${REGISTERED}${kind} into Go value of type jwt.RegisteredClaims`]),
          ...['soon', '', '01', '1.', '.5', '1e', '+1', ' 1'].map((value): Fault => [
            JSON.stringify({ exp: value }),
            `${NUMERIC}invalid number literal, trying to unmarshal "\\"${value}\\"" into Number`,
          ]),
          ...['exp', 'nbf', 'iat'].map((claim): Fault => [
            `{"${claim}":true}`,
            `${NUMERIC}cannot unmarshal bool into Go value of type json.Number`,
          ]),
          ['{"exp":[]}', `${NUMERIC}cannot unmarshal array`],
          ['{"exp":{}}', `${NUMERIC}cannot unmarshal object`],
          ...['1e400', '"1e400"', '-1e400'].map((value): Fault => [
            `{"exp":${value}}`,
            'could not convert json number value to float: strconv.ParseFloat: parsing "',
          ]),
          ...['iss', 'sub', 'jti'].map((claim): Fault => [
            `{"${claim}":1}`,
            `${REGISTERED}number into Go struct field RegisteredClaims.${claim} of type string`,
          ]),
          ['{"iss":[],"sub":1}', `${REGISTERED}array into Go struct field RegisteredClaims.iss of type string`],
          ['{"i\u017fs":1}', `${REGISTERED}number into Go struct field RegisteredClaims.iss of type string`],
          // What has a decoder of its own fails at once, whatever was wrong before it.
          ['{"iss":1,"exp":"soon"}', `${NUMERIC}invalid number literal`],
          ...['1', 'true', '{}', '[1]', '["a",null]', '["a",["b"]]'].map((value): Fault => [
            `{"iss":1,"aud":${value}}`,
            'could not JSON decode claim: invalid type for claim',
          ]),
          ...['1e400', '["a",1e400]', '{"a":1e400}'].map((value): Fault => [
            `{"aud":${value}}`,
            `${REGISTERED}number 1e400 into Go struct field RegisteredClaims.aud of type float64`,
          ]),
        ] satisfies Fault[]
      ).map(([claims, message]) => faulty(unsignedToken(RS256, claims), message)),
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

  scenario('AP-42', 'times of a token are numbers, in digits or as a text, of whole seconds', {
    source: `${PARSER}; golang-jwt v5, NumericDate and Validator; RFC 7519, "NumericDate"`,
    ...ASSOCIATED,
    probes: [
      CONTROL,
      ...[
        ...['0', '-1', '1', '"1"', '1.9', '1e3', '"1E3"', '-0'],
        // More than a 64-bit time of Go holds.
        ...['1e300', '9.3e18'],
      ].map((exp) => faulty(unsignedToken(RS256, `{"exp":${exp}}`), EXPIRED)),
      ...['EXP', 'Exp', 'eXp'].map((name) => faulty(unsignedToken(RS256, `{"${name}":1}`), EXPIRED)),
      faulty(unsignedToken(RS256, `{"exp":${FAR_OFF},"exp":1}`), EXPIRED),
      ...[`${FAR_OFF}`, `"${FAR_OFF}"`, `${FAR_OFF}.5`, '9.999999999e9'].map((nbf) =>
        faulty(unsignedToken(RS256, `{"nbf":${nbf}}`), EARLY),
      ),
      faulty(unsignedToken(RS256, `{"nbf":${FAR_OFF},"exp":1}`), `${EXPIRED}, token is not valid yet`),
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
        // It goes back to the far past.
        '"nbf":1e300',
        `"iat":${FAR_OFF}`,
        `"expires":1,"nbfs":${FAR_OFF}`,
      ].map((claims) => passedOn(unsignedToken(RS256, `{${claims},${POD}}`))),
    ],
  });
});
