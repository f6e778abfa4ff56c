import type { S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { assumeRoleInput } from './assume-role-input.ts';
import type { ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import type { AssumeRoleStep, Identity, S3Operation } from '../../foundation/protocols/probe-protocol.ts';
import type { OperationResult } from './operations.ts';
import { inProfile } from './profile.ts';
import type * as S3 from './s3.ts';
import { clientError, requestOf, type ServiceError } from './service-error.ts';

let s3Module: typeof S3 | undefined;

/** Adds S3's operations. They are separate because they slow the start, and many pods only need STS. */
export function addS3(module: typeof S3): void {
  s3Module = module;
}

function s3Operations(): typeof S3 {
  if (s3Module === undefined) throw new Error('the SDK was loaded without S3');
  return s3Module;
}

// Both clients share one chain, so that S3 sees the identity that STS reports.
let sts = new STSClient({});
let s3: S3Client | undefined;

/** Makes the next operation use the whole chain again, like a new process. */
export function renewCredentials(): void {
  sts.destroy();
  s3?.destroy();
  sts = new STSClient({});
  s3 = undefined;
  cachedIdentity = undefined;
}

let cachedIdentity: { readonly accessKeyId: string; readonly identity: Identity } | undefined;
type WhoAmI = { readonly identity: Identity } & ReturnType<typeof requestOf>;

/** Returns the identity of the current credentials. Calls STS after each change. */
export async function identify(askAgain: boolean): Promise<OperationResult> {
  try {
    // The client resolves credentials like for its own requests.
    const { accessKeyId } = await sts.config.credentials();
    if (!askAgain && cachedIdentity?.accessKeyId === accessKeyId) return { identity: cachedIdentity.identity };
    const { identity, ...request } = await whoAmI(sts);
    cachedIdentity = { accessKeyId, identity };
    return { identity, ...(askAgain && request) };
  } catch (error) {
    return { error: clientError('sts', error as ServiceError) };
  }
}

async function whoAmI(client: STSClient): Promise<WhoAmI> {
  const { Arn = '', Account = '', $metadata } = await client.send(new GetCallerIdentityCommand({}));
  return { identity: { arn: Arn, account: Account }, ...requestOf($metadata) };
}

/** Returns STS's ARN for these credentials. Throws the SDK's errors. */
export async function arnOf(credentials: NonNullable<STSClientConfig['credentials']>): Promise<string> {
  const client = new STSClient({ credentials });
  try {
    return (await whoAmI(client)).identity.arn;
  } finally {
    client.destroy();
  }
}

export async function answer(operation: ClientOperation): Promise<OperationResult> {
  switch (operation.do) {
    case 'GetCallerIdentity':
      return identify(true);
    case 'AssumeRoleByProfile':
      return byProfile(operation.roleArn);
    case 'AssumeRole':
      return throughRole(operation.role);
    default:
      if (operation.through !== undefined) return throughRole(operation.through, operation);
      return tryS3((s3 ??= s3Operations().makeClient(sts.config.credentials)), operation);
  }
}

async function throughRole(step: AssumeRoleStep, operation?: S3Operation): Promise<OperationResult> {
  try {
    const { Credentials, $metadata } = await sts.send(new AssumeRoleCommand(assumeRoleInput(step)));
    const held = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const { identity } = await whoAmI(new STSClient({ credentials: held }));
    if (operation === undefined) return { identity, ...requestOf($metadata) };
    return { identity, ...(await tryS3(s3Operations().makeClient(held), operation)) };
  } catch (error) {
    return { error: clientError('sts', error as ServiceError) };
  }
}

async function byProfile(roleArn: string): Promise<OperationResult> {
  try {
    return await inProfile(roleArn, async (settings) => {
      const client = new STSClient({ credentials: defaultProvider(settings) });
      return whoAmI(client);
    });
  } catch (error) {
    return { error: clientError('sts', error as ServiceError) };
  }
}

async function tryS3(client: S3Client, operation: S3Operation): Promise<OperationResult> {
  try {
    return await s3Operations().perform(client, operation);
  } catch (error) {
    return { error: clientError('s3', error as ServiceError) };
  }
}
