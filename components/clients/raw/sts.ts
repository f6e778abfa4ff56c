import type { Identity } from '../../../foundation/protocols/probe-protocol.ts';
import { element } from '../../../foundation/aws/xml.ts';
import { now } from './clock.ts';
import type { Credentials } from './credentials.ts';
import { Failure } from './failure.ts';
import type { RawResponse } from './send.ts';
import { call, type ServiceRequest } from './services.ts';
import { readTokenFile } from './token-file.ts';

const request = (action: string, parameters: Readonly<Record<string, string>> = {}): ServiceRequest => ({
  service: 'sts',
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  body: new URLSearchParams({ Action: action, Version: '2011-06-15', ...parameters }).toString(),
});

export const hasWebIdentity = ({ env }: NodeJS.Process): boolean =>
  Boolean(env['AWS_WEB_IDENTITY_TOKEN_FILE']) && Boolean(env['AWS_ROLE_ARN']);

/** Fetches credentials by web identity (AWS SDKs and Tools Reference Guide, "Assume role credential provider"). */
export function fetchByWebIdentity(): Promise<Credentials> {
  const { AWS_ROLE_ARN = '', AWS_WEB_IDENTITY_TOKEN_FILE = '', AWS_ROLE_SESSION_NAME } = process.env;
  const signedRequest = (): ServiceRequest =>
    request('AssumeRoleWithWebIdentity', {
      RoleArn: AWS_ROLE_ARN,
      RoleSessionName: AWS_ROLE_SESSION_NAME || `raw-client-${Date.now()}`,
      WebIdentityToken: readTokenFile(AWS_WEB_IDENTITY_TOKEN_FILE),
    });
  return call(signedRequest, credentialsOf);
}

function credentialsOf({ body }: RawResponse): Credentials {
  const accessKeyId = element(body, 'AccessKeyId');
  const secretAccessKey = element(body, 'SecretAccessKey');
  const sessionToken = element(body, 'SessionToken');
  const expiresAt = Date.parse(element(body, 'Expiration') ?? '');
  if (!accessKeyId || !secretAccessKey || !sessionToken || !(expiresAt > now()))
    throw new Failure('BrokenCredentials', "STS's response has incomplete credentials", { isTransient: true });
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt };
}

export function whoAmI(credentials: () => Promise<Credentials>): Promise<Identity> {
  const identityOf = ({ body }: RawResponse): Identity => ({
    arn: element(body, 'Arn') ?? '',
    account: element(body, 'Account') ?? '',
  });
  return call(() => request('GetCallerIdentity'), identityOf, credentials);
}
