/** Fetches credentials from the container endpoint (AWS SDKs and Tools Reference Guide, "Container credential provider"). */
import { parseCredentials, type Credentials } from './credentials.ts';
import { Failure } from './failure.ts';
import { retry } from './retry.ts';
import { isTransientStatus, send } from './send.ts';
import { checkedToken, readTokenFile } from './token-file.ts';

const TIMEOUT_MILLISECONDS = 2000;

export const hasContainerSettings = ({ env }: NodeJS.Process): boolean =>
  [env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'], env['AWS_CONTAINER_CREDENTIALS_FULL_URI']].some(Boolean);

export function fetchFromContainer(): Promise<Credentials> {
  return retry(async () => {
    const url = endpointOf(process);
    const authorization = authorizationOf(process);
    const { status, body } = await send({
      url,
      headers: { accept: 'application/json', ...(authorization !== undefined && { authorization }) },
      timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    });
    if (status !== 200) {
      const message = `the credentials endpoint answered ${status}: ${body.trim().slice(0, 500)}`;
      throw new Failure('CredentialsEndpointError', message, { isTransient: isTransientStatus(status) });
    }
    return parseCredentials(body);
  });
}

/** Hosts that may receive a token over plain HTTP: loopback, ECS and EKS. */
const HOSTS_OVER_HTTP = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/;

function endpointOf({ env }: NodeJS.Process): URL {
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  if (relative) return new URL(relative, 'http://169.254.170.2');
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '';
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol === 'http:' && HOSTS_OVER_HTTP.test(url.hostname)) return url;
  throw new Failure(
    'UriNotAccepted',
    `AWS_CONTAINER_CREDENTIALS_FULL_URI is ${full}, but plain HTTP is only allowed to loopback, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]`,
  );
}

/** Returns the token. The file takes precedence over the environment's token, which cannot be renewed. */
function authorizationOf({ env }: NodeJS.Process): string | undefined {
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  if (file) return readTokenFile(file);
  const token = env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  return token ? checkedToken(token, 'AWS_CONTAINER_AUTHORIZATION_TOKEN') : undefined;
}
