/** The parts of AWS's answers that checks use. Undefined for what could not be read; a gap says why. */

export interface EksCluster {
  readonly name: string;
  readonly arn: string;
  readonly endpoint?: string;
  /** Such as `1.34`. */
  readonly version?: string;
  readonly platformVersion?: string;
  /** Base64 of PEM. */
  readonly certificateAuthority?: string;
  /** With `https://`. */
  readonly issuer?: string;
  readonly autoMode: boolean;
  readonly vpcId?: string;
}

export interface Addon {
  readonly name: string;
  readonly arn?: string;
  readonly version?: string;
  readonly status?: string;
  readonly issues: readonly { readonly code?: string; readonly message?: string }[];
  readonly serviceAccountRoleArn?: string;
}

export interface Association {
  readonly associationId: string;
  readonly associationArn?: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly roleArn: string;
  readonly targetRoleArn?: string;
  readonly externalId?: string;
  readonly disableSessionTags: boolean;
  /** JSON text of the session policy. */
  readonly policy?: string;
  /** The ARN of the add-on that owns it. */
  readonly ownerArn?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
  readonly modifiedAt?: string;
}

/** Stands for the permissions boundary among the unread policies of a role. */
export const BOUNDARY = 'permissions boundary';

export interface Role {
  readonly arn: string;
  readonly name: string;
  /** `AROA…`. */
  readonly id?: string;
  readonly tags: Readonly<Record<string, string>>;
  /** JSON text of the trust policy. */
  readonly trustPolicy: string;
  /** JSON texts of inline and attached policies by name. Read for roles of nodes, and of associations with a target role. */
  readonly policies?: Readonly<Record<string, string>>;
  /** JSON text, read with `policies`. */
  readonly permissionsBoundary?: string;
  /** Names of policies that could not be read, and why. Other policies are in `policies` then. */
  readonly unread?: readonly { readonly policy: string; readonly reason: string }[];
}

/** What decides about the objects of a bucket, besides the callers' policies. Read for `can` only. */
export interface Bucket {
  readonly name: string;
  /** Undefined if another account owns it. */
  readonly accountId?: string;
  /** JSON text; null without a policy; undefined if it could not be read. */
  readonly policy?: string | null;
  /** ARN, id or alias of the KMS key that encrypts new objects; null without one; undefined if it could not be read. */
  readonly key?: string | null;
}

export interface OidcProvider {
  readonly arn: string;
  /** Without `https://`. */
  readonly url: string;
  readonly clientIds: readonly string[];
}

export interface Instance {
  readonly instanceId: string;
  /** `required` (IMDSv2 only) or `optional`. */
  readonly httpTokens?: string;
  readonly httpEndpoint?: string;
  readonly hopLimit?: number;
  readonly instanceProfileArn?: string;
}

export interface VpcEndpoint {
  readonly id: string;
  /** Such as `com.amazonaws.us-west-2.eks-auth`. */
  readonly serviceName: string;
  readonly type: string;
  readonly state: string;
  readonly privateDnsEnabled: boolean;
}

export interface AwsObjects {
  readonly region: string;
  readonly accountId?: string;
  /** Undefined if the cluster is not EKS's or could not be read. */
  readonly cluster?: EksCluster;
  readonly addons?: readonly Addon[];
  readonly associations?: readonly Association[];
  /** Roles by ARN; null for one that does not exist. A missing entry could not be read. */
  readonly roles: Readonly<Record<string, Role | null>>;
  readonly oidcProviders?: readonly OidcProvider[];
  readonly instances?: readonly Instance[];
  /** The ARN of the role by the ARN of the instance profile. */
  readonly instanceProfiles: Readonly<Record<string, string>>;
  readonly vpcEndpoints?: readonly VpcEndpoint[];
  /** Buckets by name; null for one that does not exist. Undefined unless `can` read them. */
  readonly buckets?: Readonly<Record<string, Bucket | null>>;
}

/** The account in an ARN; empty if it has none. */
export const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** The bucket of S3's ARN of a bucket or object. */
export const bucketOf = (arn: string): string | undefined => /^arn:[\w-]+:s3:::([\w.-]+)/.exec(arn)?.[1];
