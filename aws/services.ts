import { ListClustersCommand } from '@aws-sdk/client-eks';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { awsStatus } from '../foundation/aws/missing.ts';
import { awsClients, destroyClients, type ClientOptions } from './clients.ts';
import { BRIEF } from './retries.ts';
import type { EksAuthResponse } from './eks-auth.ts';
import { AWS_SERVICES, type AwsService } from './service-names.ts';

export type MissingServices = ReadonlyMap<AwsService, string>;

/** Finds services that their endpoints lack, by a read-only call to each. `eksAuth` calls with an invalid token. */
export async function missingServices(
  options: ClientOptions,
  eksAuth: () => Promise<EksAuthResponse>,
): Promise<MissingServices> {
  const { endpoints } = options;
  const clients = awsClients({ retries: BRIEF, ...options });
  const questions: Readonly<Record<AwsService, () => Promise<string | undefined>>> = {
    s3: () => whyMissing(clients.s3.send(new ListBucketsCommand({}))),
    iam: () => whyMissing(clients.iam.send(new ListRolesCommand({ MaxItems: 1 }))),
    sts: () => whyMissing(clients.sts.send(new GetCallerIdentityCommand({}))),
    eks: () => whyMissing(clients.eks.send(new ListClustersCommand({ maxResults: 1 }))),
    'eks-auth': async () => whyNoEksAuth(await eksAuth()),
  };
  const answers = await Promise.all(
    AWS_SERVICES.filter((service) => endpoints[service] !== undefined).map(async (service) => {
      const why = await questions[service]();
      return why === undefined
        ? undefined
        : ([service, `${endpoints[service]} has no ${TITLES[service]} (${why})`] as const);
    }),
  ).finally(() => destroyClients(clients));
  return new Map(answers.filter((answer) => answer !== undefined));
}

export const TITLES: Readonly<Record<AwsService, string>> = {
  s3: 'S3',
  iam: 'IAM',
  sts: 'STS',
  eks: 'EKS',
  'eks-auth': 'EKS Auth',
};

/** How emulators report an unsupported service or operation. */
const NOT_HERE =
  /unsupported service|unknown service|not (yet )?(been )?implemented|not supported|no route|not included in your|unknown operation|unrecognized service/i;

async function whyMissing(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return reasonOf(error as NodeJS.ErrnoException);
  }
}

/** Returns undefined for an error of the service itself, such as a denial. */
function reasonOf(error: NodeJS.ErrnoException): string | undefined {
  const { name, message, code } = error;
  const status = awsStatus(error);
  const firstLine = message.split('\n')[0] ?? '';
  if (status === undefined) return code ?? `${name}: ${firstLine}`;
  if (status === 404 || status >= 500) return `status ${status}`;
  if (NOT_HERE.test(firstLine) || NOT_HERE.test(name)) return firstLine;
  // The SDK sets no error name if it cannot parse the answer, such as HTML.
  return /^(Error|SyntaxError|Unknown|UnknownError)$/.test(name) ? `status ${status}` : undefined;
}

/** Errors in EKS Auth API Reference, "AssumeRoleForPodIdentity", and the common errors of a bad signature. */
const EKS_AUTH_ERRORS =
  /^(AccessDenied|ExpiredToken|InternalServer|InvalidParameter|InvalidRequest|InvalidToken|ResourceNotFound|Throttling|InvalidSignature|UnrecognizedClient|IncompleteSignature|MissingAuthenticationToken)Exception$/;

function whyNoEksAuth({ status, code, message, roleArn }: EksAuthResponse): string | undefined {
  if (roleArn !== undefined) return 'it accepts an invalid token';
  if (code !== undefined && EKS_AUTH_ERRORS.test(code) && !NOT_HERE.test(message ?? '')) return undefined;
  return status === undefined ? code : `status ${status}`;
}
