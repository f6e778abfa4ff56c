/** Credentials as AWS hands them out. `expiration` is in milliseconds since the epoch; absent for long-term keys. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: number;
}

/** A tag of a session: keys compare without regard to case, values with it (IAM User Guide, "Passing session tags"). */
export interface SessionTag {
  readonly key: string;
  readonly value: string;
  readonly transitive: boolean;
}

/** The session that a temporary credential stands for. */
export interface RoleSession {
  readonly kind: 'role-session';
  readonly accountId: string;
  /** `arn:aws:sts::<account>:assumed-role/<role name>/<session name>`. */
  readonly arn: string;
  readonly roleArn: string;
  readonly roleName: string;
  /** `<role id>:<session name>`. */
  readonly userId: string;
  readonly sessionName: string;
  readonly tags: readonly SessionTag[];
  /** JSON texts of the session policies; none means that the session is not narrowed. */
  readonly sessionPolicies: readonly string[];
  /** When the session was issued and ends, milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Context keys that stay with the session, such as `aws:SourceIdentity` or `<issuer>:sub`. */
  readonly context: Readonly<Record<string, string>>;
}

/** An IAM user, whom long-term access keys stand for. */
export interface IamUser {
  readonly kind: 'user';
  readonly accountId: string;
  /** `arn:aws:iam::<account>:user/<path><name>`. */
  readonly arn: string;
  readonly userName: string;
  /** `AIDA…`; empty when it is not known, and then `aws:userid` is absent. */
  readonly userId: string;
}

/** The root of an account, which every action is allowed that no policy of a resource denies. It has no key here. */
export interface RootUser {
  readonly kind: 'root';
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
}

/** An AWS service acting by itself, such as `pods.eks.amazonaws.com`. */
export interface ServicePrincipal {
  readonly kind: 'service';
  readonly service: string;
  /** Account on whose behalf the service acts. */
  readonly accountId: string;
}

/** A web identity presented to AssumeRoleWithWebIdentity. */
interface FederatedPrincipal {
  readonly kind: 'federated';
  /** ARN of the OIDC provider. */
  readonly providerArn: string;
  readonly accountId: string;
}

export interface AnonymousPrincipal {
  readonly kind: 'anonymous';
}

/** Whoever can sign a request. */
export type Caller = RoleSession | IamUser | RootUser;

/** Whoever a policy can be about. */
export type Principal = Caller | ServicePrincipal | FederatedPrincipal | AnonymousPrincipal;

/** The ARN that policies and access entries know the caller by: for a session, that of its role. */
export const principalArn = (caller: Caller): string => (caller.kind === 'role-session' ? caller.roleArn : caller.arn);

/** What texts call the principal. */
export function principalName(principal: Principal): string {
  switch (principal.kind) {
    case 'service':
      return principal.service;
    case 'federated':
      return principal.providerArn;
    case 'anonymous':
      return 'anonymous';
    default:
      return principal.arn;
  }
}
