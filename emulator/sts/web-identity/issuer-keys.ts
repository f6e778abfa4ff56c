import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { readAtMost } from '../../../foundation/node/read-at-most.ts';
import type { JsonWebKeySet, Cluster } from '../../world/eks-model.ts';
import type { World } from '../../world/world.ts';

export function clusterOfIssuer(world: World, matches: (issuer: string) => boolean): Cluster | undefined {
  for (const account of world.accounts.values()) {
    for (const cluster of account.clusters.values()) if (matches(cluster.issuer)) return cluster;
  }
  return undefined;
}

/** Returns the keys of a cluster's issuer or, over HTTP, of a loopback issuer. Rejects for other issuers. */
export async function issuerKeys(
  issuer: string,
  cluster: Cluster | undefined,
  thumbprints: readonly string[],
): Promise<JsonWebKeySet> {
  if (cluster === undefined) return fetchIssuerKeys(issuer, thumbprints);
  if (cluster.managed === undefined) throw new Error(`cluster ${cluster.name} has no API server`);
  return cluster.managed.jwks();
}

const TIMEOUT_MILLISECONDS = 3000;
const MAX_BYTES = 256 * 1024;

/** The certificate matches neither a trusted authority nor a thumbprint. */
export class ThumbprintError extends Error {
  override readonly name = 'ThumbprintError';
}

/** Fetches keys (OpenID Connect Discovery 1.0) from loopback addresses only, so that tokens cannot cause other calls. */
export async function fetchIssuerKeys(issuer: string, thumbprints: readonly string[]): Promise<JsonWebKeySet> {
  const discovery = await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, thumbprints);
  if (discovery['issuer'] !== issuer) throw new Error('the discovery document names another issuer');
  if (typeof discovery['jwks_uri'] !== 'string') throw new Error('the discovery document has no jwks_uri');
  const { keys } = await getJson(discovery['jwks_uri'], thumbprints);
  if (!Array.isArray(keys)) throw new Error('jwks_uri did not return a key set');
  return { keys: keys as JsonWebKeySet['keys'] };
}

async function getJson(address: string, thumbprints: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const url = new URL(address);
  if (!LOOPBACK.test(url.hostname)) throw new Error(`issuer host ${url.hostname} is not on this machine`);
  const response = await get(url, thumbprints);
  if (response.statusCode !== 200) {
    response.resume();
    throw new Error(`the issuer returned status ${response.statusCode}`);
  }
  const body = await readAtMost(response, MAX_BYTES, () => new Error("the issuer's answer is too long"));
  const parsed: unknown = JSON.parse(body.toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null) throw new Error('the issuer did not return a JSON object');
  return parsed as Record<string, unknown>;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function get(url: URL, thumbprints: readonly string[]): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Checked below instead, because thumbprints replace a trusted authority.
    const options = {
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      rejectUnauthorized: false,
      agent: false,
    } as const;
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, options, (response) => {
            if (isTrusted(response.socket as TLSSocket, thumbprints)) return resolve(response);
            response.destroy();
            reject(new ThumbprintError('the certificate matches no thumbprint'));
          })
        : httpRequest(url, options, resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function isTrusted(socket: TLSSocket, thumbprints: readonly string[]): boolean {
  if (socket.authorized) return true;
  const wanted = new Set(thumbprints.map((thumbprint) => thumbprint.toLowerCase()));
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  const seen = new Set<string>();
  while (certificate?.fingerprint !== undefined && !seen.has(certificate.fingerprint)) {
    if (wanted.has(certificate.fingerprint.replaceAll(':', '').toLowerCase())) return true;
    seen.add(certificate.fingerprint);
    certificate = certificate.issuerCertificate;
  }
  return false;
}
