/** Serves a node's instance metadata, with its role (EC2 User Guide, "Instance metadata"). */
import { randomBytes } from 'node:crypto';
import type { Facts } from '../../../foundation/protocols/client-run.ts';
import type { Received, Reply } from './endpoint.ts';
import type { Names } from './names.ts';

const ROLE = 'node-role';
const HOUR = 3_600_000;
const ROLES = '/latest/meta-data/iam/security-credentials/';

/** Only accepts requests with a session token (IMDSv2), and counts others. */
export function instanceMetadata(names: Names, region: string) {
  const token = randomBytes(24).toString('hex');
  let [requests, withoutToken, credentials] = [0, 0, 0];

  function document(path: string): string | undefined {
    if (`${path}/` === ROLES) return ROLE;
    if (path === '/latest/meta-data/placement/region') return region;
    if (path === '/latest/meta-data/placement/availability-zone') return `${region}a`;
    if (path === '/latest/dynamic/instance-identity/document') return JSON.stringify({ region });
    if (path !== ROLES + ROLE) return undefined;
    credentials += 1;
    const now = Date.now();
    const { id, secret, session } = names.makeKey('metadata', now + HOUR);
    return JSON.stringify({
      Code: 'Success',
      Type: 'AWS-HMAC',
      LastUpdated: new Date(now).toISOString(),
      Expiration: new Date(now + HOUR).toISOString(),
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: session,
    });
  }

  return {
    handle: async ({ method, target, headers }: Received): Promise<Reply> => {
      requests += 1;
      if (method === 'PUT' && target === '/latest/api/token') {
        const lifetime = headers['x-aws-ec2-metadata-token-ttl-seconds'];
        return { status: 200, headers: { 'x-aws-ec2-metadata-token-ttl-seconds': lifetime }, body: token };
      }
      if (headers['x-aws-ec2-metadata-token'] !== token) {
        withoutToken += 1;
        return { status: 401, body: 'Unauthorized' };
      }
      const body = document(target.replace(/\/+$/, ''));
      return body === undefined ? { status: 404, body: 'Not Found' } : { status: 200, body };
    },
    facts: (): Facts => ({
      'metadata.requests': requests,
      'metadata.withoutToken': withoutToken,
      'metadata.credentials': credentials,
    }),
  };
}
