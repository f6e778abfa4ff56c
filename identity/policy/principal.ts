import type { RequestContext } from './global-keys.ts';

/** Keys are case-insensitive, values are case-sensitive (IAM User Guide, "Passing session tags"). */
export interface SessionTag {
  readonly key: string;
  readonly value: string;
  readonly transitive: boolean;
}

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
  /** Session policies as JSON texts. An empty list does not limit the session. */
  readonly sessionPolicies: readonly string[];
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Context keys that the session keeps, such as `aws:SourceIdentity` or `<issuer>:sub`. */
  readonly context: Readonly<Record<string, string>>;
  /** The context of the pod that the session, or the first one of its chain, was opened for. */
  readonly requestContext?: RequestContext | undefined;
}

export interface IamUser {
  readonly kind: 'user';
  readonly accountId: string;
  /** `arn:aws:iam::<account>:user/<path><name>`. */
  readonly arn: string;
  readonly userName: string;
  /** `AIDA…`; empty if unknown, in which case `aws:userid` is absent. */
  readonly userId: string;
}

/** An account's root user, which only resource and organization policies can deny. It has no access key here. */
export interface RootUser {
  readonly kind: 'root';
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
}

/** An AWS service, such as `pods.eks.amazonaws.com`. */
export interface ServicePrincipal {
  readonly kind: 'service';
  readonly service: string;
  /** The account for which the service acts. */
  readonly accountId: string;
}

/** A web identity of AssumeRoleWithWebIdentity. */
interface FederatedPrincipal {
  readonly kind: 'federated';
  readonly providerArn: string;
  readonly accountId: string;
  /** The context of the token's pod. */
  readonly requestContext?: RequestContext | undefined;
}

export interface AnonymousPrincipal {
  readonly kind: 'anonymous';
}

export type Caller = RoleSession | IamUser | RootUser;

export type Principal = Caller | ServicePrincipal | FederatedPrincipal | AnonymousPrincipal;

/** Returns the ARN for policies and access entries. For a session it is the role's. */
export const principalArn = (caller: Caller): string => (caller.kind === 'role-session' ? caller.roleArn : caller.arn);

/** Returns the principal's name in messages. */
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
