import type { Clock } from '../core/clock.ts';
import type { EventualMap } from '../core/eventual-map.ts';
import type { Credentials, RoleSession } from '../core/principal.ts';

/** A public key set as `/openid/v1/jwks` answers it (RFC 7517). */
export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** What CreateCluster hands to whoever makes the Kubernetes side of a cluster. */
export interface ClusterSpec {
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  /** Kubernetes version, such as `1.34`. */
  readonly version: string;
  /** Service account issuer: `https://oidc.eks.<region>.amazonaws.com/id/<32 upper-case hex>`. */
  readonly issuer: string;
  /** The emulator's URL, where agent and workloads find the five services. */
  readonly awsEndpoint: string;
  /** AWS' own time, for a cluster that can follow it. */
  readonly clock?: Clock;
  /**
   * Authenticates a bearer token made by `aws eks get-token` (a presigned GetCallerIdentity): the caller's Kubernetes
   * user, or undefined when the token is not good. The cluster's creator is in group `system:masters`.
   */
  readonly authenticate: (token: string) => Promise<KubernetesUser | undefined>;
}

export interface KubernetesUser {
  readonly username: string;
  readonly groups: readonly string[];
}

/** A Kubernetes cluster behind an emulated EKS cluster. */
export interface ManagedCluster {
  /** `https://…` of the API server. */
  readonly endpoint: string;
  /** PEM of its certificate authority, base64. */
  readonly certificateAuthorityData: string;
  /** The service account issuer of a cluster that was there before and has its own; default: that of the spec. */
  readonly issuer?: string;
  /** Public keys of the service account issuer. */
  jwks(): Promise<JsonWebKeySet>;
  /** Adds a node whose instance profile is `nodeRoleArn`. */
  addNodes(group: NodeGroupSpec): Promise<void>;
  removeNodes(name: string): Promise<void>;
  /**
   * Installs the add-on, or another version or configuration of it. Rejects with an error whose name is `ADDON_DEGRADED`
   * when it is installed and not healthy; after any other error it counts as not installed.
   */
  installAddon(addon: {
    readonly name: string;
    readonly version: string;
    readonly configurationValues: string | undefined;
  }): Promise<void>;
  removeAddon(name: string): Promise<void>;
  /**
   * The service accounts that have an association: the whole list, on every change. Lists are handed over in their order,
   * without waiting for those before to have taken effect; the newest counts. Resolves when it, or a newer one, is known.
   */
  associationsChanged(identities: readonly Subject[]): Promise<void>;
  delete(): Promise<void>;
}

/** Name of the error that leaves an add-on DEGRADED. */
export const ADDON_DEGRADED = 'AddonDegraded';

export interface NodeGroupSpec {
  readonly name: string;
  /** Names of the NodePools that it is of, in Auto Mode: it goes when these are deleted in Kubernetes. */
  readonly nodePools?: readonly string[];
  readonly nodeRoleArn: string;
  /** What instance metadata would answer: fresh credentials of the node role. */
  readonly credentials: () => Promise<Credentials>;
}

/** Makes the Kubernetes side of clusters. Without one, CreateCluster makes a cluster that has no API server. */
export interface ClusterProvider {
  createCluster(spec: ClusterSpec): Promise<ManagedCluster>;
}

/** A Kubernetes service account, as the subject of an association. */
export interface Subject {
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface Association extends Subject {
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

/** What add-ons and node groups have in common. */
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

/** How many instances of which kind a node group is to have. They are described, and change nothing. */
export interface NodeGroupConfiguration {
  readonly scalingConfig: { readonly minSize: number; readonly maxSize: number; readonly desiredSize: number };
  readonly instanceTypes: readonly string[];
  readonly amiType: string;
}

/** What CreateCluster was asked beyond its name, role and version; answered by DescribeCluster as it was given. */
export interface ClusterConfiguration {
  readonly resourcesVpcConfig: Readonly<Record<string, unknown>>;
  readonly kubernetesNetworkConfig: Readonly<Record<string, unknown>>;
  readonly authenticationMode: string;
  /** Whether the creator is the cluster's Kubernetes administrator. */
  readonly creatorIsAdministrator: boolean;
  /** Whether DeleteCluster is refused. */
  readonly deletionProtection: boolean;
  /** Absent: the cluster is none of EKS Auto Mode. */
  readonly autoMode?: AutoMode;
}

export interface AutoMode {
  readonly nodePools: readonly string[];
  /** Role of the nodes of the pools; undefined: there are none. */
  readonly nodeRoleArn: string | undefined;
}

/** Something that went wrong with a cluster, a node group or an add-on, as their `health.issues` tell it. */
export interface HealthIssue {
  readonly code: string;
  readonly message: string;
}

/** Maps an IAM principal to a Kubernetes user of the cluster. */
export interface AccessEntry {
  readonly arn: string;
  readonly principalArn: string;
  /** The principal's unique id when the entry was made: another one of that ARN is none of it. Absent of an account's root. */
  readonly principalId: string | undefined;
  /** Such as `STANDARD` or `EC2_LINUX`. */
  readonly type: string;
  readonly username: string;
  readonly kubernetesGroups: readonly string[];
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  /** Policy ARN -> the access policy associated. */
  readonly policies: Map<string, AssociatedPolicy>;
}

/** An access policy of an access entry (EKS API Reference, "AssociatedAccessPolicy"). */
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
  /** ARN of who created it. */
  readonly creatorArn: string;
  status: ClusterStatus;
  managed: ManagedCluster | undefined;
  readonly tags: Map<string, string>;
  readonly addons: EventualMap<Addon>;
  readonly nodeGroups: EventualMap<NodeGroup>;
  /** Association id -> association. */
  readonly associations: EventualMap<Association>;
  /**
   * What EKS Auth knows of the associations, by `<namespace>/<service account>`: it lags behind `associations` by the
   * setting `associationPropagation.eksAuth`.
   */
  readonly eksAuthAssociations: Map<string, Association>;
  /** By setting `eksAuthKeepsSessions`: what EKS Auth gave pods, by `<pod's uid>/<association's id>`. */
  readonly eksAuthSessions: Map<string, KeptSession>;
  readonly configuration?: ClusterConfiguration;
  /** Principal ARN -> access entry. */
  readonly accessEntries?: Map<string, AccessEntry>;
  health?: readonly HealthIssue[];
}

/** A session that EKS Auth gives out again. */
export interface KeptSession {
  readonly session: RoleSession;
  readonly credentials: Credentials;
}
