import type { ConditionContext } from './policy/index.ts';
import type { Path, Session, UnknownKeys } from './question.ts';
import { s3RequestKeys } from './s3.ts';

/** A request with a session's credentials, as far as it is known. */
export interface SessionRequest {
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  /** 12 digits; undefined if it is not known. */
  readonly resourceAccount: string | undefined;
  /** Condition keys of the request. A key with an empty value is absent; a key with a final slash stands for the other keys that begin with it. */
  readonly conditions?: Readonly<Record<string, string | readonly string[]>>;
  /** The use of the KMS key that encrypts the object (S3 User Guide, "Using server-side encryption with AWS KMS keys"). */
  readonly encryption?: Pick<SessionRequest, 'action' | 'resource' | 'resourceAccount' | 'conditions'> | undefined;
}

/** Yields the question about a request, and then about the key of its object. */
export function* requestPath(session: Session, { encryption, ...request }: SessionRequest): Path<void> {
  yield { stage: 'access', ...question(session, request) };
  if (encryption !== undefined) yield { stage: 'encryption', ...question(session, encryption) };
}

function question({ principal, unknown }: Session, request: Omit<SessionRequest, 'encryption'>) {
  const { action, resource, resourceAccount, conditions = {} } = request;
  const [service = ''] = action.toLowerCase().split(':');
  const { region = '' } = /^arn:[^:]*:[^:]*:(?<region>[^:]+):/.exec(resource)?.groups ?? {};
  const context: ConditionContext = {
    ...(region !== '' && { 'aws:RequestedRegion': region }),
    ...(service === 's3' && s3RequestKeys(resourceAccount ?? '', 'REST-HEADER')),
    ...Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== '')),
  };
  const given = new Set(Object.keys(conditions).map((key) => key.toLowerCase()));
  const open: UnknownKeys = {
    ...unknown,
    ...{ 'aws:RequestTag/': '', 'aws:TagKeys': '', 'aws:ResourceTag/': '', [`${service}:`]: '' },
    ...(resourceAccount === undefined && { 'aws:ResourceAccount': '', 's3:ResourceAccount': '' }),
  };
  return {
    ...{ principal, action, resource, context },
    // An account that is not known is another one than the caller's.
    resourceAccount: resourceAccount ?? '',
    unknown: Object.fromEntries(Object.entries(open).filter(([key]) => !given.has(key.toLowerCase()))),
    absent: Object.keys(conditions).filter((key) => conditions[key] === ''),
  };
}
