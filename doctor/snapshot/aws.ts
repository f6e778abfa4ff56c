/** The parts of AWS's answers that checks use. Undefined for what could not be read; a gap says why. */
import type { Instance as Ec2Instance, VpcEndpoint as Ec2VpcEndpoint } from '@aws-sdk/client-ec2';
import type { Addon as EksAddon, Cluster, PodIdentityAssociation } from '@aws-sdk/client-eks';
import type { Organization } from '../../identity/organization.ts';
import type { Frozen } from '../../foundation/node/validate.ts';
import { defined, pick } from './defined.ts';

export type EksCluster = Frozen<ReturnType<typeof clusterOf>>;
export const clusterOf = (cluster: Cluster) => ({
  name: cluster.name ?? '',
  arn: cluster.arn ?? '',
  autoMode: cluster.computeConfig?.enabled ?? false,
  ...defined({
    /** Base64 of PEM. */
    certificateAuthority: cluster.certificateAuthority?.data,
    /** With `https://`. */
    issuer: cluster.identity?.oidc?.issuer,
  }),
});

export type Addon = Frozen<ReturnType<typeof addonOf>>;
export const addonOf = (addon: EksAddon) => ({
  name: addon.addonName ?? '',
  issues: (addon.health?.issues ?? []).map((issue) => pick(issue, 'code', 'message')),
  ...pick(addon, 'status'),
});

export type Association = Frozen<ReturnType<typeof associationOf>>;
export const associationOf = (association: PodIdentityAssociation & { readonly roleArn: string }) => ({
  associationId: association.associationId ?? '',
  namespace: association.namespace ?? '',
  serviceAccount: association.serviceAccount ?? '',
  roleArn: association.roleArn,
  disableSessionTags: association.disableSessionTags ?? false,
  // The session policy is JSON text.
  ...pick(association, 'targetRoleArn', 'externalId', 'policy'),
  /** ISO 8601. */
  ...defined({ createdAt: association.createdAt?.toISOString() }),
});

export type Instance = Frozen<ReturnType<typeof instanceOf>>;
export const instanceOf = ({ InstanceId, MetadataOptions: metadata, IamInstanceProfile }: Ec2Instance) => ({
  instanceId: InstanceId ?? '',
  ...defined({
    /** `required` (IMDSv2 only) or `optional`. */
    httpTokens: metadata?.HttpTokens,
    httpEndpoint: metadata?.HttpEndpoint,
    hopLimit: metadata?.HttpPutResponseHopLimit,
    instanceProfileArn: IamInstanceProfile?.Arn,
  }),
});

export type VpcEndpoint = Frozen<ReturnType<typeof vpcEndpointOf>>;
export const vpcEndpointOf = ({
  VpcEndpointId: id = '',
  ServiceName: serviceName = '',
  State: state,
  PolicyDocument: policy,
}: Ec2VpcEndpoint) => ({
  id,
  /** For example `com.amazonaws.us-west-2.eks-auth`. */
  serviceName,
  state: state ?? '',
  /** JSON text. */
  ...defined({ policy }),
});

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
  /** JSON texts of inline and attached policies by name. Read for roles of nodes and associations, and for annotated roles on request. */
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

/** What decides about a queue, topic, key, secret, table, repository, function or parameter. Read for `can` only. */
export interface Resource {
  /** JSON text; null without a policy; undefined if it could not be read. */
  readonly policy?: string | null;
  /** ARN of the KMS key that encrypts a secret or parameter; null without a key whose policy decides; undefined if it could not be read. */
  readonly key?: string | null;
}

export interface OidcProvider {
  readonly arn: string;
  /** Without `https://`. */
  readonly url: string;
  readonly clientIds: readonly string[];
}

/** The organization of the account, as far as it was read. */
export type OrganizationReading =
  /** The account is in none, as AWS or the user says, or only policies of files are asked. */
  | { readonly state: 'none'; readonly reason: string }
  | { readonly state: 'read'; readonly from: string; readonly organization: Organization }
  | { readonly state: 'unread'; readonly reason: string; readonly managementAccount?: string | undefined };

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
  /** Undefined in snapshots of earlier versions. */
  readonly organization?: OrganizationReading;
  /** Other resources and KMS keys by ARN. */
  readonly resources?: Readonly<Record<string, Resource>>;
}

/** Returns the bucket's name from the ARN of a bucket or object; undefined if the ARN matches several buckets. */
export const bucketOf = (arn: string): string | undefined => /^arn:[\w-]+:s3:::([\w.-]+)(?:\/|$)/.exec(arn)?.[1];
