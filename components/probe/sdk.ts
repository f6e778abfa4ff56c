/** Operations through the AWS SDK for JavaScript, with its default credential chain and nothing set by hand. */
import type { S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { assumeRoleInput } from './assume-role-input.ts';
import { diagnoseMissingCredentials } from './diagnose.ts';
import type {
  AssumeRoleStep,
  Identity,
  PodOperation,
  ProbeOperation,
  ProbeResult,
  S3Operation,
} from '../../foundation/probe-protocol.ts';
import { inProfile } from './profile.ts';
import type * as S3 from './s3.ts';
import { errorCode, requestOf, type ServiceError } from './service-error.ts';

export type SdkOperation = Exclude<
  ProbeOperation,
  PodOperation | { readonly do: 'FetchCredentials' | 'AssumeRoleWithWebIdentity' }
>;

let s3Module: typeof S3 | undefined;

/** Adds S3's operations: its client is a good part of what the SDK's start costs, and many pods ask STS alone. */
export function addS3(module: typeof S3): void {
  s3Module = module;
}

function s3Operations(): typeof S3 {
  if (s3Module === undefined) throw new Error('the SDK was loaded without S3');
  return s3Module;
}

// One chain for both clients: who STS says we are is then who S3 is asked as. It is the chain that each client would
// make for itself.
let credentials = defaultProvider();
let sts = new STSClient({ credentials });
let s3: S3Client | undefined;

/** Forgets the credentials in hand: the next operation goes through the whole chain again, as a new process would. */
export function renewCredentials(): void {
  sts.destroy();
  s3?.destroy();
  credentials = defaultProvider();
  sts = new STSClient({ credentials });
  s3 = undefined;
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
  if (operation.do === 'AssumeRoleByProfile') return byProfile(operation.roleArn, identity);
  const step = operation.do === 'AssumeRole' ? operation.role : operation.through;
  if (step === undefined)
    return tryS3((s3 ??= s3Operations().makeClient(credentials)), operation as S3Operation, identity);
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
    const { Credentials, $metadata } = await sts.send(new AssumeRoleCommand(assumeRoleInput(step)));
    const held = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const target = await whoAmI(new STSClient({ credentials: held }));
    if (operation.do === 'AssumeRole') return { outcome: 'granted', identity: target, ...requestOf($metadata) };
    return await tryS3(s3Operations().makeClient(held), operation as S3Operation, target);
  } catch (error) {
    return denial('sts', error as ServiceError, identity);
  }
}

async function byProfile(roleArn: string, identity: Identity): Promise<ProbeResult> {
  try {
    return await inProfile(roleArn, async (settings) => {
      const client = new STSClient({ credentials: defaultProvider(settings) });
      return { outcome: 'granted', identity: await whoAmI(client) };
    });
  } catch (error) {
    return denial('sts', error as ServiceError, identity);
  }
}

async function tryS3(client: S3Client, operation: S3Operation, identity: Identity): Promise<ProbeResult> {
  try {
    return { outcome: 'granted', identity, ...(await s3Operations().perform(client, operation)) };
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
