import type { ServerResponse } from 'node:http';
import type { ApiContext } from '../rest/context.ts';
import { discover } from '../discovery/discovery.ts';
import { openApi } from '../discovery/openapi.ts';
import { methodNotAllowed, pathNotFound } from '../model/errors.ts';
import type { RequestInfo } from './request-info.ts';
import { respondJson, respondText } from '../rest/respond.ts';

/** Kubernetes, pkg/routes/openidmetadata.go. */
const ISSUER_CACHE = 'public, max-age=3600';
const HEALTH = /^\/(healthz|livez|readyz)(\/.*)?$/;

function versionInfo(version: string): object {
  const [major = '1', minor = '0'] = version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.0`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  };
}

/** Returns the issuer's discovery document (Kubernetes, "Service account issuer discovery"). */
function issuerConfiguration(context: ApiContext): object {
  return {
    issuer: context.tokens.issuer,
    jwks_uri: `${context.url()}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

/** Serves health, version, metrics, discovery and issuer documents. Throws `ApiError` 404 or 405. */
export async function serveNonResource(
  context: ApiContext,
  info: RequestInfo,
  response: ServerResponse,
): Promise<void> {
  const { path } = info;
  if (info.method !== 'GET' && info.method !== 'HEAD') throw methodNotAllowed();
  if (HEALTH.test(path)) return respondText(response, 200, 'ok');
  switch (path.replace(/\/$/, '')) {
    case '/version':
      return respondJson(response, 200, versionInfo(context.version));
    case '/metrics':
      return respondText(response, 200, context.webhooks.metrics());
    case '/.well-known/openid-configuration':
      return respondJson(response, 200, issuerConfiguration(context), 'application/json', ISSUER_CACHE);
    case '/openid/v1/jwks':
      return respondJson(response, 200, await context.tokens.jwks(), 'application/jwk-set+json', ISSUER_CACHE);
    default:
  }
  const document = discover(path, new URL(context.url()).host) ?? openApi(path);
  if (document === undefined) throw pathNotFound();
  respondJson(response, 200, document);
}
