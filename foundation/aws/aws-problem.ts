import { commandLine } from '../node/command-line.ts';

export type AwsProblemKind =
  | 'no-credentials'
  | 'bad-credentials'
  | 'expired-credentials'
  | 'clock'
  | 'no-region'
  | 'wrong-region'
  | 'denied'
  | 'quota'
  | 'throttled'
  | 'network'
  | 'zone'
  | 'taken'
  | 'service';

interface AwsProblem {
  readonly kind: AwsProblemKind;
  /** Names the value and says what to do; ends with a full stop. Never contains keys or tokens. */
  readonly sentence: string;
  /** `usage`: a mistake of the user; `environment`: a failure of AWS, the network or this machine. */
  readonly blame: 'usage' | 'environment';
}

interface AwsError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly hostname?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const LONGEST = 300;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/;
const BAD_CREDENTIALS =
  /^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|InvalidToken|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|AuthFailure|MissingAuthenticationToken\w*)$/;
const DENIED = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError|NotAuthorized)$/;
const QUOTA =
  /^(ResourceLimitExceededException|LimitExceeded|LimitExceededException|ServiceQuotaExceededException|TooManyBuckets)$/;
/** Throttling errors, from the retry behaviour of AWS SDKs. */
const THROTTLED =
  /^(Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|RequestThrottled\w*|SlowDown)$/;
const TAKEN =
  /^(ResourceInUseException|EntityAlreadyExists|EntityAlreadyExistsException|BucketAlreadyExists|BucketAlreadyOwnedByYou)$/;
const NETWORK =
  /^(ECONN\w+|ENOTFOUND|EAI_\w+|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ERR_TLS\w*|ERR_SSL\w*|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const SERVICE_FAILED =
  /^(ServerException|ServiceException|ServiceFailure|InternalFailure|InternalError|ServiceUnavailable\w*)$/;

export const isThrottling = (code: string): boolean => THROTTLED.test(code);

/**
 * Explains an error of an AWS SDK client, or its cause, in a sentence. Returns undefined for other errors and for
 * errors about the request itself. Names are from the services' API references ("Common Errors", "Error Responses").
 */
export function awsProblem(error: unknown): AwsProblem | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const problem = problemOf(at);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Whether no service answered, even after the client's retries. */
export const isUnanswered = (error: unknown): boolean => awsProblem(error)?.kind === 'network';

function problemOf(error: AwsError): AwsProblem | undefined {
  const { name, $metadata } = error;
  const message = says(error);
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError')
    return /expired|sso login/i.test(message) ? expired(message) : noCredentials(message);
  if (/^(Region is missing|Could not resolve region|Missing region)/i.test(message))
    return usage('no-region', 'No AWS region is set. Use --region or set AWS_REGION.');
  if (EXPIRED.test(name)) return expired(message);
  if (name === 'RequestTimeTooSkewed' || /^Signature (expired|not yet current)/.test(message))
    return problem(
      'clock',
      'environment',
      `AWS rejects the clock of this machine (${message}). Correct it and run again.`,
    );
  if (DENIED.test(name)) return denied(message);
  if (name === 'OptInRequired')
    return usage(
      'wrong-region',
      `The account is not allowed to use this region or service (${message}). Use another region with --region.`,
    );
  if (BAD_CREDENTIALS.test(name))
    return usage(
      'bad-credentials',
      `AWS does not accept the credentials (${name}: ${message}). Use valid credentials of the intended account and an enabled region.`,
    );
  if (/^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/.test(name))
    return usage('wrong-region', `S3 reports that the region is wrong (${message}). Use the right one with --region.`);
  if (QUOTA.test(name))
    return problem(
      'quota',
      'environment',
      `A quota of the account is reached (${name}: ${message}). Delete unused resources, or request an increase in Service Quotas. \`${commandLine('sweep', '--cluster eks --list')}\` lists leftovers of earlier runs.`,
    );
  if (isThrottling(name))
    return problem(
      'throttled',
      'environment',
      `AWS still throttled the calls after all retries (${name}: ${message}). Run again when the account is less busy, or with a smaller --parallel.`,
    );
  if (name === 'UnsupportedAvailabilityZoneException')
    return usage(
      'zone',
      `Amazon EKS has no capacity for a control plane in a zone of the subnets (${message}). Use --subnet-ids with subnets in other zones.`,
    );
  if (TAKEN.test(name))
    return problem(
      'taken',
      'environment',
      `A name is taken or a change is in progress (${name}: ${message}). Run again.`,
    );
  if (isNetwork(error)) return network(error);
  if (SERVICE_FAILED.test(name) || ($metadata?.httpStatusCode ?? 0) >= 500)
    return problem('service', 'environment', `AWS failed after all retries (${name}: ${message}). Run again later.`);
  return undefined;
}

const problem = (kind: AwsProblemKind, blame: AwsProblem['blame'], sentence: string): AwsProblem => ({
  kind,
  sentence,
  blame,
});
const usage = (kind: AwsProblemKind, sentence: string): AwsProblem => problem(kind, 'usage', sentence);

const noCredentials = (message: string): AwsProblem =>
  usage(
    'no-credentials',
    `No AWS credentials were found (${message}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role.`,
  );

const expired = (message: string): AwsProblem =>
  usage('expired-credentials', `The AWS credentials have expired (${message}). Get new ones and run again.`);

/** Parses AWS's message for the names (IAM User Guide, "Troubleshoot access denied error messages"). */
function denied(message: string): AwsProblem {
  const [, principal, action] = /(?:User: )?(arn:\S+) is not authorized to perform: (\S+)/.exec(message) ?? [];
  if (principal === undefined || action === undefined)
    return usage(
      'denied',
      `AWS denies a call (${message}). Allow it in the policy of the credentials (docs/nightly.md).`,
    );
  const resource = / on resource: (\S+)/.exec(message)?.[1]?.replace(/[.,]$/, '').replaceAll('"', '');
  const reason = / (?:because|with an explicit deny) .*/.exec(message)?.[0]?.trim().replace(/\.$/, '');
  return usage(
    'denied',
    `${principal} may not call ${action}${resource === undefined ? '' : ` on ${resource}`}${reason === undefined ? '' : ` (${reason})`}. Add it to the policy (docs/nightly.md).`,
  );
}

const isNetwork = ({ name, code, message }: AwsError): boolean =>
  (typeof code === 'string' && NETWORK.test(code)) || name === 'TimeoutError' || /^socket hang up/.test(message);

function network({ name, code, hostname, address, port }: AwsError): AwsProblem {
  const region = typeof hostname === 'string' ? regionOf(hostname) : undefined;
  if (code === 'ENOTFOUND' && region !== undefined)
    return usage(
      'wrong-region',
      `The host ${String(hostname)} does not exist. Check the region ${region} (--region) and this machine's name resolution.`,
    );
  const host = typeof hostname === 'string' ? hostname : typeof address === 'string' ? address : undefined;
  const where = host === undefined ? '' : ` at ${host}${typeof port === 'number' ? `:${port}` : ''}`;
  return problem(
    'network',
    'environment',
    `AWS does not answer${where} (${typeof code === 'string' ? code : name}) after all retries. Check the network, and --aws-endpoint if it is set.`,
  );
}

/** Returns the region in a service's host name, such as `eks.us-west-2.amazonaws.com`. */
const regionOf = (host: string): string | undefined =>
  /\.([a-z]{2,}(?:-[a-z]+)+-\d+)\.(?:amazonaws|api\.aws)/.exec(host)?.[1];

function says({ message, name }: AwsError): string {
  const line = message
    .split('\n')[0]
    ?.replace(/ ?Encoded authorization failure message:.*/, '')
    .trim()
    .replace(/\.$/, '');
  if (line === undefined || line === '') return name;
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line;
}
