/** Expected results of probes, shared by several suites. */

/** No policy of the role allows the request. */
export const NOT_ALLOWED = {
  by: 's3',
  code: 'AccessDenied',
  status: 403,
  policy: 'identity',
  explicit: false,
} as const;
/** The role's policies allow the request, but the session policy does not. */
export const NOT_IN_SESSION_POLICY = { ...NOT_ALLOWED, policy: 'session' } as const;
/** A policy of the role denies the request. */
export const DENIED = { ...NOT_ALLOWED, explicit: true } as const;
/** The bucket policy denies the request. */
export const DENIED_BY_BUCKET = { ...DENIED, policy: 'resource' } as const;
/** Policies of several types do not allow the request. AWS names one of them, and does not document which. */
export const ALLOWED_BY_NONE = { by: 's3', code: 'AccessDenied', status: 403, explicit: false } as const;
/** AWS names the policy to callers of another account only within one organization. */
export const DENIED_ELSEWHERE = { by: 's3', code: 'AccessDenied', status: 403 } as const;
/** The role does not trust the caller, or the caller may not assume the role. */
export const NOT_ASSUMED = { by: 'sts', code: 'AccessDenied', status: 403 } as const;
export const INVALID = { by: 'sts', code: 'ValidationError', status: 400 } as const;
/** The request changes a transitive tag or the source identity. The IAM User Guide documents a failure, but no error code. */
export const NOT_CHANGED = { by: 'sts', code: ['AccessDenied', 'InvalidParameterValue', 'ValidationError'] } as const;
export const MALFORMED_POLICY = { by: 'sts', code: 'MalformedPolicyDocument', status: 400 } as const;
/** STS rejects the token itself, regardless of the role's trust policy. */
export const BAD_WEB_TOKEN = { by: 'sts', code: 'InvalidIdentityToken', status: 400 } as const;
/** The token's audience is not a client id of the provider. */
export const WRONG_AUDIENCE = { ...BAD_WEB_TOKEN, message: 'Incorrect token audience' } as const;
/**
 * EKS may not assume the associated role (EKS User Guide, "Troubleshooting IAM"). The API Reference documents code and
 * status.
 */
export const MAY_NOT_ASSUME = { by: 'eks-auth', code: 'AccessDeniedException', status: 400 } as const;
/** The EKS Auth API Reference does not document which error a bad token causes. */
export const BAD_POD_TOKEN = {
  by: 'eks-auth',
  code: ['InvalidTokenException', 'InvalidParameterException', 'InvalidRequestException', 'AccessDeniedException'],
  status: 400,
} as const;
export const NO_ASSOCIATION = { by: 'eks-auth', code: ['ResourceNotFoundException', 'AccessDeniedException'] } as const;
export const NOT_INJECTED = { by: 'injection', code: 'NoCredentialsSettings' } as const;
export const UNAUTHORIZED = { by: 'kubernetes', code: 'Unauthorized', status: 401, message: 'Unauthorized' } as const;
export const UNAUTHENTICATED = { by: 'kubernetes', code: 'Unauthenticated' } as const;
export const FORBIDDEN = { by: 'kubernetes', code: 'Forbidden', status: 403 } as const;
