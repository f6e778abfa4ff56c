import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { ClusterSpec } from '../../emulator/index.ts';
import { secretsEqual } from '../../emulator/sigv4/signing-keys.ts';
import { newCertificateAuthority } from '../../foundation/node/certificates.ts';
import { kubeconfigText } from '../../foundation/protocols/kubeconfig.ts';
import { listen, stopServer } from '../../foundation/node/listen.ts';
import { readAtMost } from '../../foundation/node/read-at-most.ts';
import type { Reach } from './network.ts';

export interface Authenticator {
  /** Content of `--authentication-token-webhook-config-file`, with a secret. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** Bytes. EKS's tokens are shorter than 16 KiB. */
const LARGEST_REVIEW = 64 * 1024;

/**
 * Starts a server that answers TokenReviews over TLS like aws-iam-authenticator (Kubernetes, "Webhook Token
 * Authentication"). Callers without the kubeconfig's secret get 401.
 */
export async function startAuthenticator(
  { bindAddress, host }: Pick<Reach, 'bindAddress' | 'host'>,
  authenticate: ClusterSpec['authenticate'],
): Promise<Authenticator> {
  const authority = await newCertificateAuthority();
  const { certificate, key } = await authority.issue([host]);
  const secret = randomBytes(32).toString('base64url');
  const server = createServer({ cert: certificate, key }, (request, response) => {
    serve(request, response).catch(() => response.writeHead(400).end());
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!secretsEqual(request.headers.authorization ?? '', `Bearer ${secret}`)) {
      response.writeHead(401).end();
      return;
    }
    const body = await readAtMost(request, LARGEST_REVIEW, () => new Error('the review is too long'));
    const review = JSON.parse(body.toString()) as TokenReview;
    const user = await authenticate(review.spec?.token ?? '');
    const status =
      user === undefined
        ? { authenticated: false }
        : // Such tokens have no audiences, so the API server accepts them only for itself.
          { authenticated: true, user: { username: user.username, groups: user.groups } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: 'TokenReview', status }));
  };
  const port = await listen(server, bindAddress);
  return {
    kubeconfig: kubeconfigText('token-authenticator', `https://${host}:${port}/`, authority.certificate, secret),
    close: () => stopServer(server),
  };
}

interface TokenReview {
  readonly apiVersion: string;
  readonly spec?: { readonly token?: string };
}
