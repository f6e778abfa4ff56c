/** A local OIDC issuer with an OIDC provider in the emulator's IAM, for tests of STS with arbitrary answers of an issuer. */
import { generateKeyPairSync, X509Certificate, type KeyPairKeyObjectResult } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  IAMClient,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { exportJWK, SignJWT } from 'jose';
import { newCertificateAuthority } from '../../../foundation/node/certificates.ts';

export const CLIENT = 'conformance-client';
export const OTHER_CLIENT = 'conformance-other-client';

/** Response of the issuer at a path. */
interface Page {
  readonly status?: number;
  readonly body: unknown;
  /** Closes the connection without a response. */
  readonly ends?: true;
}

/** Response of STS: code and message of an error, or members of the result. */
interface Attempt {
  readonly code?: string;
  readonly status?: number | undefined;
  readonly message?: string;
  readonly subject?: string | undefined;
  readonly audience?: string | undefined;
  readonly provider?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly packedPolicySize?: number | undefined;
}

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export interface Issuer {
  readonly url: string;
  /** URL without scheme, the prefix of condition keys. */
  readonly host: string;
  /** ARN of its OIDC provider. */
  readonly providerArn: string;
  /** Replaces responses by path. Undefined restores those of a valid issuer. */
  answer(pages: Readonly<Record<string, Page>> | undefined): void;
  /** Lets the role trust the provider with this condition. Default actions include sts:TagSession and sts:SetSourceIdentity. */
  trust(condition?: Condition, actions?: readonly string[]): Promise<void>;
  /** Returns a token signed with the issuer's key of an algorithm. `claims` override those of a valid token; undefined omits one. */
  sign(
    claims?: Readonly<Record<string, unknown>>,
    header?: { readonly alg?: string; readonly kid?: string },
  ): Promise<string>;
  assume(token: string): Promise<Attempt>;
  /** Reads an object in the bucket with a session for the token. Returns `read`, or the error code. */
  read(token: string, key: string): Promise<string>;
}

/** Settings of clients, the role that trusts the issuer, and a bucket that the role may read. */
export interface IssuerTarget {
  readonly settings: {
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  readonly roleArn: string;
  readonly bucket: string;
}

interface Options {
  /** Uses TLS, and the thumbprint of the server's certificate, of its authority, or of neither. */
  readonly tls?: 'own' | 'authority' | 'neither';
  /** Whether the issuer's URL ends with a slash. */
  readonly slash?: true;
}

let made: ReadonlyMap<string, KeyPairKeyObjectResult> | undefined;

/** Returns keys by algorithm. They are generated once, since that is slow. */
function signingKeys(): ReadonlyMap<string, KeyPairKeyObjectResult> {
  if (made !== undefined) return made;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  made = new Map([
    ...['RS256', 'RS384', 'RS512', 'PS256'].map((alg) => [alg, rsa] as const),
    ...([
      ['ES256', curve('P-256')],
      ['ES384', curve('P-384')],
      ['ES512', curve('P-521')],
      ['EdDSA', generateKeyPairSync('ed25519')],
    ] as const),
  ]);
  return made;
}

const ACTIONS = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'];

/** Runs `use` with an issuer that the role trusts, and removes the issuer afterwards. */
export async function withIssuer(
  { settings, roleArn, bucket }: IssuerTarget,
  { tls, slash }: Options,
  use: (issuer: Issuer) => Promise<void>,
): Promise<void> {
  const iam = new IAMClient(settings);
  const sts = new STSClient(settings);
  const keys = signingKeys();
  const jwks = await Promise.all(
    [...keys].map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg, use: 'sig' })),
  );
  let pages: Readonly<Record<string, Page>> = {};
  const server = await serve(tls, (request, response) => {
    const good: Readonly<Record<string, Page>> = {
      '/.well-known/openid-configuration': { body: { issuer: url, jwks_uri: `${server.url}/keys` } },
      '/keys': { body: { keys: jwks } },
    };
    const page: Page = { ...good, ...pages }[request.url ?? ''] ?? { status: 404, body: 'Not Found' };
    const { status = 200, body, ends } = page;
    if (ends) return void request.socket.destroy();
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const { thumbprint } = server;
  const url = slash ? `${server.url}/` : server.url;
  const host = url.replace(/^https?:\/\//, '');
  const RoleName = roleArn.split('/').at(-1);
  try {
    const { OpenIDConnectProviderArn = '' } = await iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: url,
        ClientIDList: [CLIENT, OTHER_CLIENT],
        ...(thumbprint !== undefined && { ThumbprintList: ['0'.repeat(40), thumbprint] }),
      }),
    );
    const trust: Issuer['trust'] = async (Condition = {}, Action = ACTIONS) => {
      const Statement = { Effect: 'Allow', Principal: { Federated: OpenIDConnectProviderArn }, Action, Condition };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    };
    const sign: Issuer['sign'] = async (claims = {}, { alg = 'RS256', kid = alg } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const good = { iss: url, sub: 'somebody', aud: CLIENT, iat: now, nbf: now, exp: now + 600 };
      const key = keys.get(alg)?.privateKey ?? new TextEncoder().encode('a secret that both sides would share');
      return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg, kid }).sign(key);
    };
    await trust();
    try {
      await use({
        url,
        host,
        providerArn: OpenIDConnectProviderArn,
        trust,
        sign,
        answer: (given = {}) => void (pages = given),
        assume: (token) => attempt(sts, roleArn, token),
        read: async (token, Key) => {
          const input = { RoleArn: roleArn, WebIdentityToken: token, RoleSessionName: 'probe' };
          const { Credentials } = await sts.send(new AssumeRoleWithWebIdentityCommand(input));
          const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
          const credentials = {
            accessKeyId: AccessKeyId,
            secretAccessKey: SecretAccessKey,
            sessionToken: SessionToken,
          };
          const s3 = new S3Client({ ...settings, forcePathStyle: true, credentials });
          return s3.send(new GetObjectCommand({ Bucket: bucket, Key })).then(
            () => 'read',
            (error: Error) => error.name,
          );
        },
      });
    } finally {
      await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    }
  } finally {
    server.close();
  }
}

async function attempt(sts: STSClient, RoleArn: string, WebIdentityToken: string): Promise<Attempt> {
  const input = { RoleArn, WebIdentityToken, RoleSessionName: 'probe' };
  try {
    const answer = await sts.send(new AssumeRoleWithWebIdentityCommand(input));
    return {
      subject: answer.SubjectFromWebIdentityToken,
      audience: answer.Audience,
      provider: answer.Provider,
      sourceIdentity: answer.SourceIdentity,
      packedPolicySize: answer.PackedPolicySize,
    };
  } catch (error) {
    const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
    // Without a response, the result for the token is unknown.
    if ($metadata?.httpStatusCode === undefined) throw error;
    return { code: name.replace(/Exception$/, ''), status: $metadata.httpStatusCode, message };
  }
}

async function serve(
  tls: Options['tls'],
  listener: RequestListener,
): Promise<{ readonly url: string; readonly thumbprint: string | undefined; close(): void }> {
  const made = tls === undefined ? undefined : await certificates();
  const server = made === undefined ? createHttpServer(listener) : createHttpsServer(made, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${made === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    thumbprint: tls === 'neither' ? '1'.repeat(40) : made?.thumbprints[tls ?? 'own'],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Returns a certificate for the local host, its chain including the authority, and the thumbprints of both. */
async function certificates() {
  const authority = await newCertificateAuthority();
  const { certificate: certificate, key } = await authority.issue(['127.0.0.1']);
  const thumbprint = (pem: string): string => new X509Certificate(pem).fingerprint.replaceAll(':', '');
  return {
    key,
    cert: `${certificate}\n${authority.certificate}`,
    // Tests one thumbprint in lower case, as tools print it, and one in upper case.
    thumbprints: { own: thumbprint(certificate).toLowerCase(), authority: thumbprint(authority.certificate) },
  };
}
