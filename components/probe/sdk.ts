/** Operations through the AWS SDK for JavaScript, with its default credential chain and nothing set by hand. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { diagnoseMissingCredentials } from './diagnose.ts';
import type {
  AssumeRoleStep,
  Identity,
  PodOperation,
  ProbeOperation,
  ProbeResult,
  S3Operation,
} from '../../foundation/probe-protocol.ts';

export type SdkOperation = Exclude<
  ProbeOperation,
  PodOperation | { readonly do: 'FetchCredentials' | 'AssumeRoleWithWebIdentity' }
>;

/** An error as the SDK throws it for an answer of a service. */
interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly Code?: string;
}

// One chain for both clients: who STS says we are is then who S3 is asked as. It is the chain that each client would
// make for itself.
function makeClients(): { readonly sts: STSClient; readonly s3: S3Client } {
  const credentials = defaultProvider();
  return { sts: new STSClient({ credentials }), s3: new S3Client({ credentials }) };
}

let { sts, s3 } = makeClients();

/** Forgets the credentials in hand: the next operation goes through the whole chain again, as a new process would. */
export function renewCredentials(): void {
  sts.destroy();
  s3.destroy();
  ({ sts, s3 } = makeClients());
  known = undefined;
}

/** Asks who it is, then does the operation. */
export async function runWithSdk(operation: SdkOperation): Promise<ProbeResult> {
  let identity: Identity;
  try {
    identity = await currentIdentity(operation.do === 'GetCallerIdentity');
  } catch (error) {
    return failedIdentity(error as ServiceError);
  }
  if (operation.do === 'GetCallerIdentity') {
    return { outcome: 'granted', identity, facts: { sessionName: identity.arn.split('/').at(-1) ?? '' } };
  }
  const step = operation.do === 'AssumeRole' ? operation.role : operation.through;
  if (step === undefined) return tryS3(s3, operation as S3Operation, identity);
  return throughRole(step, operation, identity);
}

let known: { readonly accessKeyId: string; readonly identity: Identity } | undefined;

/** Who the credentials in hand belong to: asked whenever they are others than before. */
async function currentIdentity(askAgain: boolean): Promise<Identity> {
  // As the client resolves them for its own requests.
  const { accessKeyId } = await sts.config.credentials();
  if (askAgain || known?.accessKeyId !== accessKeyId) known = { accessKeyId, identity: await whoAmI(sts) };
  return known.identity;
}

async function whoAmI(client: STSClient): Promise<Identity> {
  const { Arn = '', Account = '' } = await client.send(new GetCallerIdentityCommand({}));
  return { arn: Arn, account: Account };
}

async function failedIdentity(error: ServiceError): Promise<ProbeResult> {
  const status = error.$metadata?.httpStatusCode;
  const code = error.name;
  if (status !== undefined && status >= 400 && code !== 'CredentialsProviderError') {
    // An answer of STS: to AssumeRoleWithWebIdentity in the chain, or to GetCallerIdentity with bad credentials.
    return {
      outcome: 'refused',
      layer: 'sts',
      code,
      status,
      message: error.message,
      ...requestOf(error.$metadata),
    };
  }
  const { code: errno } = error as NodeJS.ErrnoException;
  if (errno !== undefined && code !== 'CredentialsProviderError')
    return { outcome: 'error', layer: 'sts', code: errno, message: `STS cannot be reached (${errno})` };
  return diagnoseMissingCredentials(error);
}

async function throughRole(step: AssumeRoleStep, operation: SdkOperation, identity: Identity): Promise<ProbeResult> {
  try {
    const { Credentials, $metadata } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: step.roleArn,
        RoleSessionName: 'probe',
        ...(step.externalId !== undefined && { ExternalId: step.externalId }),
        ...(step.tags && { Tags: Object.entries(step.tags).map(([Key, Value]) => ({ Key, Value })) }),
      }),
    );
    const held = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const target = await whoAmI(new STSClient({ credentials: held }));
    if (operation.do === 'AssumeRole') return { outcome: 'granted', identity: target, ...requestOf($metadata) };
    return await tryS3(new S3Client({ credentials: held }), operation as S3Operation, target);
  } catch (error) {
    return denial('sts', error as ServiceError, identity);
  }
}

async function tryS3(client: S3Client, operation: S3Operation, identity: Identity): Promise<ProbeResult> {
  try {
    return { outcome: 'granted', identity, ...(await perform(client, operation)) };
  } catch (error) {
    return denial('s3', error as ServiceError, identity);
  }
}

/** A service's error for a request that had credentials. 404 means that the call was authorized. */
function denial(layer: 's3' | 'sts', error: ServiceError, identity: Identity): ProbeResult {
  const status = error.$metadata?.httpStatusCode;
  const common = {
    code: errorCode(error, status),
    message: error.message,
    identity,
    ...(status !== undefined && { status }),
    ...requestOf(error.$metadata),
  };
  if (status === 404) return { outcome: 'absent', layer, ...common };
  if (status === 403) return { outcome: 'denied', layer, ...common };
  if (status !== undefined && status >= 400 && status < 500) return { outcome: 'refused', layer, ...common };
  return { outcome: 'error', layer, ...common };
}

/**
 * HEAD has no body, so the SDK has no code for it: 403 stands for AccessDenied, 404 for NotFound. Where nobody answered, the
 * operating system's says why.
 */
function errorCode(error: ServiceError, status: number | undefined): string {
  const { code: errno } = error as NodeJS.ErrnoException;
  if (status === undefined && errno !== undefined) return errno;
  const code = error.Code ?? error.name;
  if (status === 403 && (code === '403' || code === 'Forbidden' || code === 'UnknownError' || code === 'Unknown'))
    return 'AccessDenied';
  return code;
}

/** An answer of a service, as the SDK gives it. */
type Answer = Pick<ServiceError, '$metadata'>;

async function perform(client: S3Client, operation: S3Operation): Promise<Pick<ProbeResult, 'facts' | 'requestId'>> {
  const { bucket: Bucket } = operation;
  const told = ({ $metadata }: Answer, facts: Record<string, number> = {}) => ({ facts, ...requestOf($metadata) });
  switch (operation.do) {
    case 'GetObject': {
      const answer = await client.send(new GetObjectCommand({ Bucket, Key: operation.key }));
      return told(answer, { bytes: (await answer.Body?.transformToByteArray())?.length ?? 0 });
    }
    case 'HeadObject': {
      const answer = await client.send(new HeadObjectCommand({ Bucket, Key: operation.key }));
      return told(answer, { bytes: answer.ContentLength ?? 0 });
    }
    case 'DeleteObject':
      return told(await client.send(new DeleteObjectCommand({ Bucket, Key: operation.key })));
    case 'GetObjectTagging': {
      const answer = await client.send(new GetObjectTaggingCommand({ Bucket, Key: operation.key }));
      return told(answer, { tags: answer.TagSet?.length ?? 0 });
    }
    case 'PutObject': {
      const tagging = operation.tags && new URLSearchParams(operation.tags).toString();
      return told(
        await client.send(
          new PutObjectCommand({
            Bucket,
            Key: operation.key,
            Body: 'written by a probe',
            ...(tagging !== undefined && { Tagging: tagging }),
          }),
        ),
      );
    }
    case 'ListObjectsV2': {
      const answer = await client.send(
        new ListObjectsV2Command({ Bucket, ...(operation.prefix !== undefined && { Prefix: operation.prefix }) }),
      );
      return told(answer, { keys: answer.KeyCount ?? 0 });
    }
    case 'HeadBucket':
      return told(await client.send(new HeadBucketCommand({ Bucket })));
  }
}

const requestOf = ($metadata: ServiceError['$metadata']): Pick<ProbeResult, 'requestId'> =>
  $metadata?.requestId === undefined ? {} : { requestId: $metadata.requestId };
