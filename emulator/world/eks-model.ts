import type { Clock } from '../core/clock.ts';
import type { Instance } from './ec2-model.ts';
import type { EventualMap } from '../core/eventual-map.ts';
import type { RoleSession } from '../../identity/policy/principal.ts';
import type { Credentials } from '../core/credentials.ts';

/** `/openid/v1/jwks` (RFC 7517). */
export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

export interface ClusterSpec {
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  /** For example `1.34`. */
  readonly version: string;
  /** `https://oidc.eks.<region>.amazonaws.com/id/<32 upper-case hex>`. */
  readonly issuer: string;
  /** The emulator's URL. */
  readonly awsEndpoint: string;
  /** AWS's time, for clusters that can use it. */
  readonly clock?: Clock;
  /** Returns the Kubernetes user of an `aws eks get-token` token, if any. The creator is in `system:masters`. */
  readonly authenticate: (token: string) => Promise<KubernetesUser | undefined>;
}

export interface KubernetesUser {
  readonly username: string;
  readonly groups: readonly string[];
}

/** The Kubernetes side of an emulated cluster. */
export interface ManagedCluster {
  /** `https://…` of the API server. */
  readonly endpoint: string;
  /** Base64 of the PEM. */
  readonly certificateAuthorityData: string;
  /** The issuer of an existing cluster. Default: the issuer in the spec. */
  readonly issuer?: string;
  jwks(): Promise<JsonWebKeySet>;
  /** Adds a node of the group. */
  addNodes(group: NodeGroupSpec): Promise<void>;
  removeNodes(name: string): Promise<void>;
  /** Installs or changes an add-on. Error `ADDON_DEGRADED` means installed but unhealthy; others mean not installed. */
  installAddon(addon: {
    readonly name: string;
    readonly version: string;
    readonly configurationValues: string | undefined;
  }): Promise<void>;
  removeAddon(name: string): Promise<void>;
  /** Returns why an installed add-on is unhealthy now, if it is. */
  addonProblem?(name: string): string | undefined;
  /** Receives all service accounts with associations, in order; the newest list counts. Resolves when it takes effect. */
  associationsChanged(identities: readonly ServiceAccountKey[]): Promise<void>;
  delete(): Promise<void>;
}

/** Name of the error for a degraded add-on. */
export const ADDON_DEGRADED = 'AddonDegraded';

export interface NodeGroupSpec {
  readonly name: string;
  /** The node leaves when all these NodePools are deleted (Auto Mode). */
  readonly nodePools?: readonly string[];
  readonly nodeRoleArn: string;
  /** The node's instance, whose metadata options and name may change. */
  readonly instance: Pick<Instance, 'id' | 'zone' | 'privateDnsName' | 'profile' | 'metadataOptions'>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Returns valid credentials of the node role, as instance metadata does. */
  readonly credentials: () => Promise<Credentials>;
}

/** In Kubernetes' form, with effects such as `NoSchedule`. */
interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** Without a provider, clusters have no API server. */
export interface ClusterProvider {
  createCluster(spec: ClusterSpec): Promise<ManagedCluster>;
}

/** A Kubernetes service account. */
export interface ServiceAccountKey {
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface Association extends ServiceAccountKey {
  readonly arn: string;
  readonly id: string;
  readonly clusterName: string;
  readonly createdAt: number;
  roleArn: string;
  modifiedAt: number;
  disableSessionTags: boolean;
  targetRoleArn: string | undefined;
  externalId: string | undefined;
  policy: string | undefined;
  ownerArn: string | undefined;
  readonly tags: Map<string, string>;
}

type ClusterStatus = 'CREATING' | 'ACTIVE' | 'DELETING' | 'FAILED' | 'UPDATING' | 'PENDING';

interface Installed {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  health?: readonly HealthIssue[];
}

export interface Addon extends Installed {
  version: string;
  status:
    'CREATING' | 'ACTIVE' | 'CREATE_FAILED' | 'UPDATING' | 'DELETING' | 'DELETE_FAILED' | 'DEGRADED' | 'UPDATE_FAILED';
  modifiedAt: number;
  configurationValues: string | undefined;
}

export interface NodeGroup extends Installed {
  readonly nodeRoleArn: string;
  status: 'CREATING' | 'ACTIVE' | 'DELETING' | 'CREATE_FAILED';
  readonly subnets: readonly string[];
  readonly configuration: NodeGroupConfiguration;
}

/** Instance types and the AMI are only described, without an effect. */
export interface NodeGroupConfiguration {
  readonly scalingConfig: { readonly minSize: number; readonly maxSize: number; readonly desiredSize: number };
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly instanceTypes: readonly string[];
  readonly amiType: string;
}

/** As passed to CreateCluster. */
export interface ClusterConfiguration {
  readonly resourcesVpcConfig: Readonly<Record<string, unknown>>;
  readonly kubernetesNetworkConfig: Readonly<Record<string, unknown>>;
  readonly authenticationMode: string;
  readonly creatorIsAdministrator: boolean;
  readonly deletionProtection: boolean;
  /** Undefined outside EKS Auto Mode. */
  readonly autoMode?: AutoMode;
}

export interface AutoMode {
  readonly nodePools: readonly string[];
  /** Undefined if there are no nodes. */
  readonly nodeRoleArn: string | undefined;
}

/** An entry in `health.issues`. */
export interface HealthIssue {
  readonly code: string;
  readonly message: string;
}

/** Maps an IAM principal to a Kubernetes user. */
export interface AccessEntry {
  readonly arn: string;
  readonly principalArn: string;
  /** The principal's unique id at creation, which a recreated principal does not match. Undefined for a root user. */
  readonly principalId: string | undefined;
  /** For example `STANDARD` or `EC2_LINUX`. */
  readonly type: string;
  readonly username: string;
  readonly kubernetesGroups: readonly string[];
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  /** By policy ARN. */
  readonly policies: Map<string, AssociatedPolicy>;
}

/** EKS API Reference, "AssociatedAccessPolicy". */
export interface AssociatedPolicy {
  readonly policyArn: string;
  readonly accessScope: AccessScope;
  readonly associatedAt: number;
  readonly modifiedAt: number;
}

export interface AccessScope {
  readonly type: 'cluster' | 'namespace';
  readonly namespaces: readonly string[];
}

export interface Cluster {
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly roleArn: string;
  readonly version: string;
  issuer: string;
  readonly createdAt: number;
  readonly creatorArn: string;
  status: ClusterStatus;
  managed: ManagedCluster | undefined;
  readonly tags: Map<string, string>;
  readonly addons: EventualMap<Addon>;
  readonly nodeGroups: EventualMap<NodeGroup>;
  /** By association id. */
  readonly associations: EventualMap<Association>;
  /** By `<namespace>/<service account>`; delayed by `associationPropagation.eksAuth`. */
  readonly eksAuthAssociations: Map<string, Association>;
  /** By `<pod uid>/<association id>`, if `eksAuthKeepsSessions` is set. */
  readonly eksAuthSessions: Map<string, KeptSession>;
  readonly configuration?: ClusterConfiguration;
  /** By principal ARN. */
  readonly accessEntries?: Map<string, AccessEntry>;
  health?: readonly HealthIssue[];
}

export interface KeptSession {
  readonly session: RoleSession;
  readonly credentials: Credentials;
}
