import { AssumeRoleCommand, type AssumeRoleCommandOutput, type STSClient } from '@aws-sdk/client-sts';

/** Credentials of AWS as its SDK hands them about. Secret: they appear in no output. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Gives credentials that are good for a while, renewed where they expire. */
export type CredentialsProvider = () => Promise<AwsCredentials>;

/** Credentials are renewed this long before they expire: as long as AWS' SDKs do. */
const RENEW_BEFORE_MILLISECONDS = 5 * 60_000;

/** For how long they are not asked for again after that failed: whoever needs them may try many times a second. */
const HELD_MILLISECONDS = 1000;

/**
 * Asks once for all who need credentials at the same time, and again shortly before they expire. Where that fails, those in
 * hand are used as long as they are good.
 */
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

/** Those in an answer of STS, without their expiry. */
export function credentialsOf({ Credentials }: Pick<AssumeRoleCommandOutput, 'Credentials'>): AwsCredentials {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** Credentials of a session of `roleArn`, by STS' AssumeRole for an hour (the most that a session of a session may have). */
export function assumedRole(sts: STSClient, roleArn: string, sessionName: string): CredentialsProvider {
  return renewed(async () => {
    const answer = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: sessionName, DurationSeconds: 3600 }),
    );
    const expiration = answer.Credentials?.Expiration;
    return { ...credentialsOf(answer), ...(expiration && { expiration }) };
  });
}
