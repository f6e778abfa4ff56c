/** Serves a node's instance metadata, with its role (EC2 User Guide, "Instance metadata"). */
import { randomBytes } from 'node:crypto';
import type { Facts } from '../../../foundation/protocols/client-run.ts';
import type { Received, Reply } from './endpoint.ts';
import type { Names } from './names.ts';

const ROLE = 'node-role';
const HOUR = 3_600_000;
const ROLES = '/latest/meta-data/iam/security-credentials/';

/** Only accepts requests with a session token (IMDSv2), and counts others. */
export class Metadata {
  readonly #names: Names;
  readonly #region: string;
  readonly #session = randomBytes(24).toString('hex');
  #requests = 0;
  #withoutToken = 0;
  #credentials = 0;

  constructor(names: Names, region: string) {
    this.#names = names;
    this.#region = region;
  }

  readonly handle = async ({ method, target, headers }: Received): Promise<Reply> => {
    this.#requests += 1;
    if (method === 'PUT' && target === '/latest/api/token') {
      const lifetime = headers['x-aws-ec2-metadata-token-ttl-seconds'];
      return { status: 200, headers: { 'x-aws-ec2-metadata-token-ttl-seconds': lifetime }, body: this.#session };
    }
    if (headers['x-aws-ec2-metadata-token'] !== this.#session) {
      this.#withoutToken += 1;
      return { status: 401, body: 'Unauthorized' };
    }
    const body = this.#document(target.replace(/\/+$/, ''));
    return body === undefined ? { status: 404, body: 'Not Found' } : { status: 200, body };
  };

  facts(): Facts {
    return {
      'metadata.requests': this.#requests,
      'metadata.withoutToken': this.#withoutToken,
      'metadata.credentials': this.#credentials,
    };
  }

  #document(path: string): string | undefined {
    if (`${path}/` === ROLES) return ROLE;
    if (path === '/latest/meta-data/placement/region') return this.#region;
    if (path === '/latest/meta-data/placement/availability-zone') return `${this.#region}a`;
    if (path === '/latest/dynamic/instance-identity/document') return JSON.stringify({ region: this.#region });
    if (path !== ROLES + ROLE) return undefined;
    this.#credentials += 1;
    const now = Date.now();
    const { id, secret, session } = this.#names.makeKey('metadata', now + HOUR);
    const time = (at: number): string => new Date(at).toISOString();
    return JSON.stringify({
      Code: 'Success',
      Type: 'AWS-HMAC',
      LastUpdated: time(now),
      Expiration: time(now + HOUR),
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: session,
    });
  }
}
