import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { awsProblem } from '../foundation/aws/aws-problem.ts';
import { badFlagValue, HarnessError } from '../foundation/node/errors.ts';
import { stsClient, type ClientOptions } from './clients.ts';
import { renewed, type CredentialsProvider } from './credentials.ts';
import { BRIEF } from './retries.ts';

/** Returns the region from `--region`, AWS_REGION, AWS_DEFAULT_REGION or the profile. Throws `HarnessError` BAD_AWS. */
export async function findRegion(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const region = flag ?? (environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || (await profileRegion()));
  if (region === undefined) throw badAws('No AWS region is set. Use --region or set AWS_REGION.');
  // AWS adds regions, so there is no list to check against. But the region becomes part of host names.
  if (!/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region))
    throw badAws(`"${region}" is not an AWS region. Use --region, for example us-west-2.`);
  return region;
}

const badAws = (sentence: string): HarnessError => new HarnessError('BAD_AWS', sentence);

async function profileRegion(): Promise<string | undefined> {
  const client = new STSClient({});
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

/** Returns credentials of a profile, or of the SDK's default chain. Throws `HarnessError` BAD_AWS if they are missing or expired. */
export async function findCredentials(region: string, profile?: string): Promise<CredentialsProvider> {
  const credentials = renewed(
    defaultProvider({ parentClientConfig: { region }, ...(profile !== undefined && { profile }) }),
  );
  const { expiration } = await credentials().catch((error: unknown) => {
    throw problem(error);
  });
  if (expiration !== undefined && expiration.getTime() <= Date.now())
    throw badAws(`The AWS credentials have expired (at ${expiration.toISOString()}). Get new ones and run again.`);
  return credentials;
}

/** Returns the credentials' identity from GetCallerIdentity. Throws `HarnessError` BAD_AWS or AWS_UNREACHABLE. */
export async function whoAmI(options: ClientOptions): Promise<{ readonly accountId: string; readonly arn: string }> {
  try {
    const { Account = '', Arn = '' } = await callerIdentity(options);
    if (!/^\d{12}$/.test(Account))
      throw badAws(`STS returned an invalid account id (${JSON.stringify(Account)}). Check --aws-endpoint.`);
    return { accountId: Account, arn: Arn };
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    throw (await regionProblem(error, options)) ?? problem(error);
  }
}

async function callerIdentity(options: ClientOptions) {
  const sts = stsClient(options);
  try {
    return await sts.send(new GetCallerIdentityCommand({}));
  } finally {
    sts.destroy();
  }
}

/**
 * Tries the partition's first region, to distinguish a disabled region (AWS STS, "Activating and deactivating AWS STS
 * in an AWS Region") or an unknown one from bad credentials or a bad network.
 */
async function regionProblem(error: unknown, options: ClientOptions): Promise<HarnessError | undefined> {
  const { region, endpoints } = options;
  const message = (error as Error).message;
  if (/scoped to a valid region/i.test(message))
    return badAws(`${endpoints.sts ?? 'AWS'} does not serve the region ${region}. Use --region.`);
  if (endpoints.sts !== undefined) return undefined;
  const unknown = (error as { readonly code?: unknown }).code === 'ENOTFOUND';
  const refused = (error as Error).name === 'InvalidClientTokenId';
  if (!unknown && !refused) return undefined;
  const first = firstRegion(region);
  try {
    if (region === first) throw error;
    await callerIdentity({ ...options, region: first, retries: BRIEF });
  } catch {
    return unknown
      ? new HarnessError(
          'AWS_UNREACHABLE',
          `AWS host names do not resolve (${message}). Check the network and its DNS servers.`,
        )
      : undefined;
  }
  return badAws(
    unknown
      ? `The region ${region} does not exist. Use another with --region.`
      : `The region ${region} is not enabled in this account. Enable it, or use another with --region.`,
  );
}

const firstRegion = (region: string): string =>
  region.startsWith('cn-') ? 'cn-north-1' : region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';

/** Rejects accounts outside `--allow-account`, which is required for AWS itself. Throws `HarnessError` BAD_AWS. */
export function checkAccount(accountId: string, allowed: readonly string[], isAws: boolean, what = 'account'): void {
  const bad = allowed.find((id) => !/^\d{12}$/.test(id));
  if (bad !== undefined) throw badFlagValue(`Invalid --allow-account "${bad}": use account ids of 12 digits.`);
  if (allowed.includes(accountId) || (allowed.length === 0 && !isAws)) return;
  throw badAws(
    allowed.length === 0
      ? `The credentials are of ${what} ${accountId}, but no account is allowed. Add --allow-account ${accountId} if this run may create and delete resources there.`
      : `The credentials are of ${what} ${accountId}, which is not allowed (--allow-account ${allowed.join(',')}). Use credentials of an allowed account, or add this one.`,
  );
}

/** Rejects partitions other than `aws`, the partition of suites' ARNs (AWS General Reference, "Amazon Resource Names"). */
export function checkPartition(arn: string): void {
  const partition = arn.split(':')[1];
  if (partition === 'aws') return;
  throw badAws(
    `The credentials are of the AWS partition ${partition}, but the suites need partition aws. Use an account and a region of that partition.`,
  );
}

export const isRootUser = (arn: string): boolean => arn.endsWith(':root');

/** Rejects AWS's root user, who cannot assume a role (AWS STS API Reference, AssumeRole) to observe IAM propagation. */
export function checkUser(arn: string, isAws: boolean): void {
  if (!isAws || !isRootUser(arn)) return;
  throw badAws(
    `The credentials belong to the root user (${arn}), who cannot assume the role that observes IAM propagation. Use credentials of a role.`,
  );
}

/** Turns an AWS error into BAD_AWS (user) or AWS_UNREACHABLE (environment). */
export function problem(error: unknown): HarnessError {
  const match = awsProblem(error);
  if (match !== undefined)
    return new HarnessError(match.blame === 'usage' ? 'BAD_AWS' : 'AWS_UNREACHABLE', match.sentence, {
      cause: error,
    });
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return new HarnessError('AWS_UNREACHABLE', `AWS cannot be used (${name}: ${message.split('\n')[0]}).`, {
    cause: error,
  });
}
