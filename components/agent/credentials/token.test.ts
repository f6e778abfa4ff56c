import { expect } from 'chai';
import { tokenRefusal } from './token.ts';

const NOW = Date.parse('2026-01-01T00:00:00.500Z');
const SECOND = Math.floor(NOW / 1000);

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
const HEADER = encode('{"alg":"RS256"}');
const withHeader = (text: string): string => `${encode(text)}.${encode('{}')}.sig`;
const withClaims = (text: string | Buffer): string => `${HEADER}.${encode(text)}.sig`;

const MALFORMED = 'Service account token cannot be parsed: token is malformed: ';
const UNVERIFIABLE = 'Service account token cannot be parsed: token is unverifiable: ';
const CLAIMS = 'Service account token failed basic claim validations: ';

describe('tokenRefusal', () => {
  const refused: [what: string, token: string, reason: string][] = [
    ['an empty token', '', 'Service account token cannot be empty'],
    ['one segment', 'x', `${MALFORMED}token contains an invalid number of segments`],
    ['four segments', 'a.b.c.d', `${MALFORMED}token contains an invalid number of segments`],
    [
      'a scheme',
      `Bearer ${withClaims('{}')}`,
      `${MALFORMED}could not base64 decode header: illegal base64 data at input byte 6`,
    ],
    ['a single character', 'x.y.z', `${MALFORMED}could not base64 decode header: illegal base64 data at input byte 0`],
    [
      'five characters',
      'abcde.e30.x',
      `${MALFORMED}could not base64 decode header: illegal base64 data at input byte 4`,
    ],
    ['padding', 'e30=.e30.x', `${MALFORMED}could not base64 decode header: illegal base64 data at input byte 3`],
    [
      'padded claims',
      `${HEADER}.e30=.x`,
      `${MALFORMED}could not base64 decode claim: illegal base64 data at input byte 3`,
    ],
    [
      'a header that is not JSON',
      withHeader('<x>'),
      `${MALFORMED}could not JSON decode header: invalid character '<' looking for beginning of value`,
    ],
    ['an empty header', withHeader(''), `${MALFORMED}could not JSON decode header: unexpected end of JSON input`],
    [
      'an array as the header',
      withHeader('[]'),
      `${MALFORMED}could not JSON decode header: json: cannot unmarshal array into Go value of type map[string]interface {}`,
    ],
    [
      'a header nested too deeply',
      withHeader('['.repeat(10_001)),
      `${MALFORMED}could not JSON decode header: invalid character '[' exceeded max depth`,
    ],
    [
      'truncated claims',
      withClaims('{"exp":1'),
      `${MALFORMED}could not JSON decode claim: unexpected end of JSON input`,
    ],
    [
      'a string as claims',
      withClaims('"a"'),
      `${MALFORMED}could not JSON decode claim: json: cannot unmarshal string into Go value of type jwt.RegisteredClaims`,
    ],
    [
      'exp as a string',
      withClaims('{"exp":"soon"}'),
      `${MALFORMED}could not JSON decode claim: could not parse NumericData: json: invalid number literal, trying to unmarshal "\\"soon\\"" into Number`,
    ],
    [
      'exp as a boolean',
      withClaims('{"exp":true}'),
      `${MALFORMED}could not JSON decode claim: could not parse NumericData: json: cannot unmarshal bool into Go value of type json.Number`,
    ],
    [
      'exp out of range',
      withClaims('{"exp":1e400}'),
      `${MALFORMED}could not JSON decode claim: could not convert json number value to float: strconv.ParseFloat: parsing "1e400": value out of range`,
    ],
    [
      'iss as a number',
      withClaims('{"iss":1}'),
      `${MALFORMED}could not JSON decode claim: json: cannot unmarshal number into Go struct field RegisteredClaims.iss of type string`,
    ],
    ['aud as a number', withClaims('{"aud":1}'), `${MALFORMED}could not JSON decode claim: invalid type for claim`],
    ['no alg', withHeader('{"typ":"JWT"}'), `${UNVERIFIABLE}signing method (alg) is unspecified`],
    ['an unknown alg', withHeader('{"alg":"XX999"}'), `${UNVERIFIABLE}signing method (alg) is unavailable`],
    ['exp now', withClaims(`{"exp":${SECOND}}`), `${CLAIMS}token is expired`],
    ['exp 0', withClaims('{"exp":0}'), `${CLAIMS}token is expired`],
    ["exp beyond Go's range of times", withClaims('{"exp":1e300}'), `${CLAIMS}token is expired`],
    ['exp a fraction of a second in the future', withClaims(`{"exp":${SECOND}.9}`), `${CLAIMS}token is expired`],
    ['exp in upper case', withClaims('{"EXP":1}'), `${CLAIMS}token is expired`],
    ['nbf in the future', withClaims(`{"nbf":${SECOND + 1}}`), `${CLAIMS}token is not valid yet`],
    [
      'exp in the past and nbf in the future',
      withClaims(`{"exp":1,"nbf":${SECOND + 600}}`),
      `${CLAIMS}token is expired, token is not valid yet`,
    ],
  ];
  for (const [what, token, reason] of refused) {
    it(`rejects ${what}`, () => {
      expect(tokenRefusal(token, NOW)).to.equal(reason);
    });
  }

  const accepted: [what: string, token: string][] = [
    ['no exp', withClaims('{}')],
    ['claims that are null', withClaims('null')],
    ['exp one second in the future', withClaims(`{"exp":${SECOND + 1}}`)],
    ['exp as a string with a number', withClaims(`{"exp":"${SECOND + 1}"}`)],
    ['iat in the future', withClaims(`{"iat":${SECOND + 600}}`)],
    ['any audience', withClaims('{"aud":"sts.amazonaws.com"}')],
    ['alg none', withHeader('{"alg":"none"}')],
    ['EdDSA', withHeader('{"alg":"EdDSA"}')],
    ['a signature that is not base64', `${HEADER}.e30.!!`],
    ['an empty signature', `${HEADER}.e30.`],
  ];
  for (const [what, token] of accepted) {
    it(`accepts ${what}`, () => {
      expect(tokenRefusal(token, NOW)).to.equal(undefined);
    });
  }
});
