import { AssumeRoleCommand, type AssumeRoleCommandOutput, type STSClient } from '@aws-sdk/client-sts';

/** Credentials in the SDK's form. They are secret and must not appear in any output. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export type CredentialsProvider = () => Promise<AwsCredentials>;

/** Renews this long before expiry, as AWS's SDKs do. */
const RENEW_BEFORE_MILLISECONDS = 5 * 60_000;
/** Pause after a failed renewal, because callers may ask many times a second. */
const HELD_MILLISECONDS = 1000;

/** Shares one request among callers and renews before expiry. If renewal fails, returns the old ones while valid. */
export function renewed(ask: CredentialsProvider, now: () => number = Date.now): CredentialsProvider {
  let good: AwsCredentials | undefined;
  let held: Promise<AwsCredentials> | undefined;
  let until = 0;
  return () => {
    if (held === undefined || now() >= until) {
      until = Infinity;
      held = ask().then(
        (fresh) => {
          good = fresh;
          until = fresh.expiration ? fresh.expiration.getTime() - RENEW_BEFORE_MILLISECONDS : Infinity;
          return fresh;
        },
        (error: unknown) => {
          until = now() + HELD_MILLISECONDS;
          if (good?.expiration !== undefined && good.expiration.getTime() > now()) return good;
          throw error;
        },
      );
    }
    return held;
  };
}

export function credentialsOf({ Credentials }: Pick<AssumeRoleCommandOutput, 'Credentials'>): AwsCredentials {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** Returns credentials of `roleArn` from AssumeRole, for one hour: the maximum of role chaining. */
export function assumedRole(sts: STSClient, roleArn: string, sessionName: string): CredentialsProvider {
  return renewed(async () => {
    const answer = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: sessionName, DurationSeconds: 3600 }),
    );
    const expiration = answer.Credentials?.Expiration;
    return { ...credentialsOf(answer), ...(expiration && { expiration }) };
  });
}
