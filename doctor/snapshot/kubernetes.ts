/**
 * The parts of Kubernetes objects that checks use, with Kubernetes' names (Kubernetes API Reference). A snapshot has no
 * Secrets, no values of environment variables except harmless ones, and only the annotations of `eks.amazonaws.com`.
 */

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
}

export interface Metadata {
  readonly name: string;
  /** Undefined for objects of the cluster. */
  readonly namespace?: string;
  readonly uid?: string;
  /** ISO 8601. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Only those under `eks.amazonaws.com/`. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The controller only. */
  readonly owner?: OwnerReference;
}

export interface EnvVar {
  readonly name: string;
  /** Only for the names in `HARMLESS_VARIABLES`. */
  readonly value?: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly EnvVar[];
  /** Names of Secrets and config maps in `envFrom`. What they contain is not read. */
  readonly envFrom: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface TokenVolume {
  readonly volume: string;
  readonly audience?: string;
  readonly path: string;
  /** Seconds. */
  readonly expirationSeconds?: number;
}

export interface Pod {
  readonly metadata: Metadata;
  readonly serviceAccountName: string;
  readonly nodeName?: string;
  readonly hostNetwork: boolean;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly tokenVolumes: readonly TokenVolume[];
  readonly phase: string;
  readonly ready: boolean;
}

export interface ServiceAccount {
  readonly metadata: Metadata;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface Node {
  readonly metadata: Metadata;
  /** Such as `aws:///us-west-2a/i-0123456789abcdef0`. */
  readonly providerID?: string;
  readonly taints: readonly Taint[];
  readonly ready: boolean;
  readonly operatingSystem?: string;
}

/** A term of a required node affinity; all of its expressions must match. */
export interface NodeSelectorTerm {
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface DaemonSet {
  readonly metadata: Metadata;
  readonly images: readonly string[];
  readonly env: readonly EnvVar[];
  readonly tolerations: readonly Toleration[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Undefined without a required node affinity. */
  readonly nodeAffinity?: readonly NodeSelectorTerm[];
  readonly desired: number;
  readonly ready: number;
}

/** A ReplicaSet, StatefulSet, DaemonSet or Job that cannot create its pods. */
export interface RefusedPods {
  readonly metadata: Metadata;
  readonly kind: string;
  /** The message of a ReplicaSet's condition ReplicaFailure, or of the others' last event FailedCreate. */
  readonly message: string;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface MutatingWebhook {
  /** The name of the MutatingWebhookConfiguration. */
  readonly configuration: string;
  readonly name: string;
  readonly failurePolicy: string;
  readonly url?: string;
  /** Namespace and name. */
  readonly service?: string;
  /** Base64 of PEM. It is public. */
  readonly caBundle?: string;
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  /** Whether a rule includes the creation of pods. */
  readonly createsPods: boolean;
}

export interface NetworkPolicy {
  readonly metadata: Metadata;
  readonly podSelector: LabelSelector;
  readonly policyTypes: readonly string[];
  readonly egress: readonly {
    /** Undefined: any destination. */
    readonly to?: readonly {
      readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
      /** Whether a pod or namespace selector is given. */
      readonly selects: boolean;
    }[];
    /** Undefined: any port. */
    readonly ports?: readonly {
      readonly protocol: string;
      readonly port?: number | string;
      readonly endPort?: number;
    }[];
  }[];
}

export interface Namespace {
  readonly metadata: Metadata;
}

/** Undefined for what could not be read; a gap says why. */
export interface KubernetesObjects {
  /** Such as `v1.34.1`. */
  readonly version?: string;
  /** The issuer of service account tokens, with `https://`. */
  readonly issuer?: string;
  readonly namespaces?: readonly Namespace[];
  readonly pods?: readonly Pod[];
  readonly serviceAccounts?: readonly ServiceAccount[];
  readonly nodes?: readonly Node[];
  readonly daemonSets?: readonly DaemonSet[];
  readonly refusedPods?: readonly RefusedPods[];
  readonly mutatingWebhooks?: readonly MutatingWebhook[];
  readonly networkPolicies?: readonly NetworkPolicy[];
}

/** Values of these variables are kept; of all others, only names. Proxy URLs may contain passwords. */
export const HARMLESS_VARIABLES: ReadonlySet<string> = new Set([
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_DEFAULT_REGION',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_REGION',
  'AWS_ROLE_ARN',
  'AWS_STS_REGIONAL_ENDPOINTS',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'NO_PROXY',
  'no_proxy',
]);
