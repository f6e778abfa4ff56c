/** How probes of several suites end. */

/** No policy of the role allows it. */
export const NOT_ALLOWED = {
  by: 's3',
  code: 'AccessDenied',
  status: 403,
  policy: 'identity',
  explicit: false,
} as const;
/** The session policy does not allow it, which the role's policies do. */
export const NOT_IN_SESSION_POLICY = { ...NOT_ALLOWED, policy: 'session' } as const;
/** A policy of the role denies it. */
export const DENIED = { ...NOT_ALLOWED, explicit: true } as const;
/** The bucket's policy denies it. */
export const DENIED_BY_BUCKET = { ...DENIED, policy: 'resource' } as const;
/** By policies of several types: AWS names one of them, and does not document which. */
export const ALLOWED_BY_NONE = { by: 's3', code: 'AccessDenied', status: 403, explicit: false } as const;
/** Which policy it was, callers of another account are told within one organization alone. */
export const DENIED_ELSEWHERE = { by: 's3', code: 'AccessDenied', status: 403 } as const;
/** The role's trust policy does not let the caller in, or the caller may not assume it. */
export const NOT_ASSUMED = { by: 'sts', code: 'AccessDenied', status: 403 } as const;
export const INVALID = { by: 'sts', code: 'ValidationError', status: 400 } as const;
/** What comes along in a chain and cannot be changed: the IAM User Guide says that the request fails, and not with which code. */
export const NOT_CHANGED = { by: 'sts', code: ['AccessDenied', 'InvalidParameterValue', 'ValidationError'] } as const;
export const MALFORMED_POLICY = { by: 'sts', code: 'MalformedPolicyDocument', status: 400 } as const;
/** STS does not accept the token itself, whatever the role trusts. */
export const BAD_WEB_TOKEN = { by: 'sts', code: 'InvalidIdentityToken', status: 400 } as const;
/** The token's audience is none of the provider's client ids. */
export const WRONG_AUDIENCE = { ...BAD_WEB_TOKEN, message: 'Incorrect token audience' } as const;
/** EKS may not assume the associated role: the text is the EKS User Guide's, "Troubleshooting IAM"; the API Reference documents code and status. */
export const MAY_NOT_ASSUME = { by: 'eks-auth', code: 'AccessDeniedException', status: 400 } as const;
/** Which of its errors a bad token is, the EKS Auth API Reference does not say. */
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
