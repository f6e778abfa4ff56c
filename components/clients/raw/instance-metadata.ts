/** Fetches credentials by IMDSv2 (AWS SDKs and Tools Reference Guide, "IMDS credential provider"). */
import { parseCredentials, type Credentials } from './credentials.ts';
import { Failure } from './failure.ts';
import { retry } from './retry.ts';
import { isTransientStatus, send, type Outgoing } from './send.ts';

const TIMEOUT_MILLISECONDS = 1000;
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';

export const usesInstanceMetadata = ({ env }: NodeJS.Process): boolean =>
  env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() !== 'true';

export function fetchFromInstanceMetadata(): Promise<Credentials> {
  return retry(async () => {
    const token = await ask('/latest/api/token', {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
    });
    const headers = { 'x-aws-ec2-metadata-token': token };
    const [role = ''] = (await ask(CREDENTIALS, { headers })).split('\n');
    return parseCredentials(await ask(CREDENTIALS + role, { headers }));
  });
}

async function ask(path: string, request: Pick<Outgoing, 'method' | 'headers'>): Promise<string> {
  const { AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = '' } = process.env;
  const isIpv6 = AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE.toLowerCase() === 'ipv6';
  const address = isIpv6 ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254';
  const url = new URL(path, AWS_EC2_METADATA_SERVICE_ENDPOINT || address);
  const { status, body } = await send({ url, ...request, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
  if (status !== 200)
    throw new Failure('InstanceMetadataError', `instance metadata answered ${status} for ${path}`, {
      isTransient: isTransientStatus(status),
    });
  return body;
}
