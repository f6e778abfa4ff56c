import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { newAccessKeyId, newSecretAccessKey, newSessionToken } from '../../emulator/core/random.ts';
import { isSecretName, redactor } from './redact.ts';

const { text, value } = redactor();

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signed = `${encode({ alg: 'RS256', kid: 'k' })}.${encode({ aud: ['pods.eks.amazonaws.com'], sub: 'system:serviceaccount:a:b' })}`;
const TOKEN = `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey).toString('base64url')}`;
const [HEADER = '', CLAIMS = '', SIGNATURE = ''] = TOKEN.split('.');
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const PRESIGNED =
  'https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Expires=60&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2FTOKEN%3D%3D&X-Amz-Signature=0123456789abcdef0123456789abcdef';

describe('redaction', () => {
  const secret = newSecretAccessKey();
  const session = newSessionToken();
  const id = newAccessKeyId('ASIA');
  /** Name, text, and the parts that must not be visible. */
  const table: readonly (readonly [string, string, readonly string[]])[] = [
    ['a JSON web token', `the token ${TOKEN}, as it came`, [HEADER, CLAIMS, SIGNATURE]],
    ['a token without a signature', `"${HEADER}.${CLAIMS}"`, [HEADER, CLAIMS]],
    ['a token with a broken header', `bm8ganNvbg.${CLAIMS}.${SIGNATURE}`, [CLAIMS, SIGNATURE]],
    ['a truncated token', TOKEN.slice(0, 60), [HEADER]],
    ['a token as the data of a Secret', Buffer.from(TOKEN).toString('base64'), [Buffer.from(TOKEN).toString('base64')]],
    ['an authorization header', `GET / HTTP/1.1\nAuthorization: ${TOKEN}\nAccept: */*`, [HEADER, SIGNATURE]],
    ['a bearer token of any kind', 'authorization: Bearer abcDEF123456789_abcdefghij', ['abcDEF123456789']],
    ["headers in Go's format", 'map[Authorization:[Bearer 0123456789abcdefghijABC] Accept:[*/*]]', ['0123456789abc']],
    ['a password in a URL', 'HTTP_PROXY=http://me:pass-word@proxy.example:3128', ['pass-word']],
    ['basic credentials', '{"Authorization":"Basic dXNlcjpwYXNz"}', ['dXNlcjpwYXNz']],
    ['credentials as JSON', JSON.stringify({ SecretAccessKey: secret, Token: session }), [secret, session]],
    [
      'credentials as JSON in JSON',
      JSON.stringify({ body: JSON.stringify({ secretAccessKey: secret, sessionToken: session }) }),
      [secret, session],
    ],
    [
      'credentials as XML',
      `<SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${session}</SessionToken>`,
      [secret, session],
    ],
    ['credentials as settings', `aws_secret_access_key = ${secret}\naws_session_token=${session}`, [secret, session]],
    [
      'a secret key at the end of a sentence',
      'It is wJalrXUtnFEMI7K7MDENGvbPxRfiCYEXAMPLEKEY.',
      ['wJalrXUtnFEMI7K7MD'],
    ],
    ['a session token without a name', session, [session.slice(20, 60)]],
    ['a presigned URL', PRESIGNED, ['0123456789abcdef', 'IQoJb3JpZ2lu', 'EXAMPLE%2FTOKEN']],
    [
      'a signature in a header',
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-west-2/s3/aws4_request, SignedHeaders=host, Signature=fe5f80f77d5fa3beca038a248ff027',
      ['fe5f80f77d5fa3', 'AKIAIOSFODNN7EXAMPLE'],
    ],
    ['a token for an EKS cluster', 'k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdz', ['aHR0cHM6Ly9zdHM']],
    ['an access key id', `key ${id} is unknown`, [id]],
    ['a private key', `before\n${PEM}after`, PEM.split('\n').slice(1, 3)],
    ['a truncated private key', PEM.slice(0, 200), [PEM.slice(40, 80)]],
    [
      'the data of a Secret',
      JSON.stringify({ kind: 'SecretList', items: [{ metadata: { name: 'x' }, data: { any: 'c2hvcnQ=' } }] }),
      ['c2hvcnQ'],
    ],
    [
      'the data of a truncated Secret',
      '{"kind":"Secret","data":{"one":"c2hvcnQ=","two":"c29tZX',
      ['c2hvcnQ', 'c29tZX'],
    ],
  ];
  for (const [what, given, secrets] of table)
    it(`removes ${what}`, () => {
      for (const part of secrets) expect(given).to.contain(part);
      for (const part of secrets) expect(text(given)).not.to.contain(part);
    });

  it("removes the emulator's credentials, quoted or after a name", () => {
    for (let times = 0; times < 200; times += 1) {
      const key = newSecretAccessKey();
      const token = newSessionToken();
      const line = text(`{"secretAccessKey":"${key}"} aws_secret_access_key=${key} token "${token}"`);
      expect(line).not.to.contain(key).and.not.to.contain(token.slice(16));
    }
  });

  it('keeps the text around a secret', () => {
    expect(text(`the token ${TOKEN}, as it came`)).to.equal('the token [redacted], as it came');
    expect(text('AWS_SESSION_TOKEN=abcdefghijklmnopqrst; next')).to.equal('AWS_SESSION_TOKEN=[redacted]; next');
    expect(text('key ASIAQWERTYUIOP123456')).to.equal('key ASIA…3456');
  });

  it('is idempotent', () => {
    for (const [, given] of table) expect(text(text(given))).to.equal(text(given));
  });

  for (const innocent of [
    'Probe 1 (red: GetObject s3://c39f132-ab-01-data/ab-01-red-c39f132/key): Access was expected',
    'arn:aws:sts::111122223333:assumed-role/c39f132-ab-01-app/eks-c39f132-c1-red-1-3e704b6e-2ae7-44af-af8b-d24b0e018ed5',
    'User: arn:aws:iam::111122223333:role/Path/With/Several/Parts/AndALongName1 is not authorized',
    'AROAV4W3EURTOWZEYNWDN:eks-c39f132-c1-red-1 association a-cyxrk6pcrldctazqp',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token',
    '"serviceAccountToken":{"audience":"sts.amazonaws.com","expirationSeconds":86400,"path":"token"}',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 and da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'authorization: none; bearer authentication failed: the token is expired',
    'https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF01234567',
    'image oci://registry.example:5000/agent@sha256:0a1b at http://172.18.0.1:4000/v1/credentials, mail me@example.com',
    'NoCredentialProviders: the pod has no AWS_WEB_IDENTITY_TOKEN_FILE',
  ])
    it(`does not change "${innocent.slice(0, 50)}…"`, () => expect(text(innocent)).to.equal(innocent));

  it("removes a scenario's secrets, plain and in Base64", () => {
    const own = 'any text that is secret';
    const known = redactor([own, 'short']);
    expect(known.text(`<${own}> <${Buffer.from(own).toString('base64')}> short`)).to.equal(
      '<[redacted]> <[redacted]> short',
    );
  });

  it('redacts nested values, and every value under a secret name', () => {
    const unlike = randomBytes(4).toString('hex');
    const when = new Date(0);
    expect(
      value({
        env: [
          { name: 'AWS_SECRET_ACCESS_KEY', value: unlike },
          { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/token' },
          { name: 'PLAIN', value: `has ${TOKEN}` },
        ],
        'app.env.AWS_SESSION_TOKEN': unlike,
        headers: { Authorization: unlike },
        token: { from: 'pod-identity' },
        count: 1,
        absent: null,
        when,
      }),
    ).to.deep.equal({
      env: [
        { name: 'AWS_SECRET_ACCESS_KEY', value: '[redacted]' },
        { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/token' },
        { name: 'PLAIN', value: 'has [redacted]' },
      ],
      'app.env.AWS_SESSION_TOKEN': '[redacted]',
      headers: { Authorization: '[redacted]' },
      token: { from: 'pod-identity' },
      count: 1,
      absent: null,
      when,
    });
  });

  it('distinguishes names of secrets from names of files', () => {
    const names = [
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN',
      'sessionToken',
      'token',
    ];
    const harmless = [
      'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
      'PROBE_TOKENS_DIRECTORY',
      'serviceAccountToken',
      'AWS_ROLE_ARN',
    ];
    expect(names.filter(isSecretName)).to.deep.equal(names);
    expect(harmless.filter(isSecretName)).to.deep.equal([]);
  });
});
