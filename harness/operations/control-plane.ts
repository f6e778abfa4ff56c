/** What the harness tries at the EKS control plane, and the words in which scenarios say it. */
import type { ClusterAlias, PermissionStatement } from '../scenario/policy.ts';

/** The cluster that an operation is about. */
export interface OfCluster {
  readonly cluster: ClusterAlias;
  /** Another cluster name to send, such as `<cluster:c1>-absent`. */
  readonly clusterName?: string;
}

/** What a request says of an association; roles by their names in the scenario. What is left out is not sent. */
export interface AssociationRequest {
  readonly role?: string;
  /** Any text in the place of a role's ARN. */
  readonly roleArn?: string;
  readonly targetRole?: string;
  readonly disableSessionTags?: boolean;
  readonly policy?: readonly PermissionStatement[];
}

/** Operations of the EKS API, by their names there. */
export type ControlPlaneOperation =
  | ({ readonly do: 'DescribeCluster' } & OfCluster)
  | ({ readonly do: 'DescribeAddon'; readonly addon: string } & OfCluster)
  | ({
      readonly do: 'CreatePodIdentityAssociation';
      readonly namespace: string;
      readonly serviceAccount: string;
      /** By a session of a role of the scenario, which a token of the scenario opens. Default: the administrator. */
      readonly as?: { readonly role: string; readonly token: string };
      /** How many are tried at once. Default 1. */
      readonly atOnce?: number;
      /** Name in `<association-id:…>`, `<association-arn:…>` and `<external-id:…>`. Default `made`. */
      readonly name?: string;
      /** Tags besides those of the run. */
      readonly tags?: Readonly<Record<string, string>>;
      readonly association: AssociationRequest;
    } & OfCluster)
  | ({
      readonly do: 'UpdatePodIdentityAssociation';
      readonly associationId: string;
      readonly association: AssociationRequest;
    } & OfCluster)
  | ({
      readonly do: 'DescribePodIdentityAssociation' | 'DeletePodIdentityAssociation';
      readonly associationId: string;
    } & OfCluster)
  | ({
      readonly do: 'ListPodIdentityAssociations';
      readonly namespace?: string;
      readonly serviceAccount?: string;
      readonly maxResults?: number;
    } & OfCluster)
  | { readonly do: 'TagResource'; readonly arn: string; readonly tags: Readonly<Record<string, string>> }
  | { readonly do: 'UntagResource'; readonly arn: string; readonly tagKeys: readonly string[] }
  | { readonly do: 'ListTagsForResource'; readonly arn: string };

const NAMES: Readonly<Record<ControlPlaneOperation['do'], true>> = {
  DescribeCluster: true,
  DescribeAddon: true,
  CreatePodIdentityAssociation: true,
  UpdatePodIdentityAssociation: true,
  DescribePodIdentityAssociation: true,
  DeletePodIdentityAssociation: true,
  ListPodIdentityAssociations: true,
  TagResource: true,
  UntagResource: true,
  ListTagsForResource: true,
};

export function isControlPlaneOperation(operation: { readonly do: string }): operation is ControlPlaneOperation {
  return Object.hasOwn(NAMES, operation.do);
}

/** Which cluster; default `c1`. `clusterName` sends another name than its own. */
type Where = Partial<OfCluster>;

export const describeCluster = (where: Where = {}): ControlPlaneOperation => ({
  do: 'DescribeCluster',
  cluster: 'c1',
  ...where,
});

export const describeAddon = (addon: string, where: Where = {}): ControlPlaneOperation => ({
  do: 'DescribeAddon',
  addon,
  cluster: 'c1',
  ...where,
});

/**
 * CreatePodIdentityAssociation for `<namespace>/<service account>`, once or several times at once; by the administrator,
 * or by the session of a role that one of the scenario's `tokens` opens (AssumeRoleWithWebIdentity).
 */
export const createAssociationFor = (
  serviceAccount: string,
  association: AssociationRequest,
  options: Where &
    Partial<
      Pick<Extract<ControlPlaneOperation, { do: 'CreatePodIdentityAssociation' }>, 'as' | 'atOnce' | 'name' | 'tags'>
    > = {},
): ControlPlaneOperation => {
  const [namespace = '', name = ''] = serviceAccount.split('/');
  return {
    do: 'CreatePodIdentityAssociation',
    cluster: 'c1',
    namespace,
    serviceAccount: name,
    association,
    ...options,
  };
};

/** UpdatePodIdentityAssociation: what the change leaves out is not sent. */
export const changeAssociation = (
  associationId: string,
  change: AssociationRequest,
  where: Where = {},
): ControlPlaneOperation => ({
  do: 'UpdatePodIdentityAssociation',
  cluster: 'c1',
  associationId,
  association: change,
  ...where,
});

export const describeAssociation = (associationId: string, where: Where = {}): ControlPlaneOperation => ({
  do: 'DescribePodIdentityAssociation',
  cluster: 'c1',
  associationId,
  ...where,
});

export const removeAssociation = (associationId: string, where: Where = {}): ControlPlaneOperation => ({
  do: 'DeletePodIdentityAssociation',
  cluster: 'c1',
  associationId,
  ...where,
});

export const listAssociations = (
  options: Where & {
    readonly namespace?: string;
    readonly serviceAccount?: string;
    readonly maxResults?: number;
  } = {},
): ControlPlaneOperation => ({ do: 'ListPodIdentityAssociations', cluster: 'c1', ...options });

/** Adds tags to what has this ARN, such as `<association-arn:made>` or `<cluster-arn:c1>`. */
export const tagResource = (arn: string, tags: Readonly<Record<string, string>>): ControlPlaneOperation => ({
  do: 'TagResource',
  arn,
  tags,
});

export const untagResource = (arn: string, ...tagKeys: readonly string[]): ControlPlaneOperation => ({
  do: 'UntagResource',
  arn,
  tagKeys,
});

export const listTags = (arn: string): ControlPlaneOperation => ({ do: 'ListTagsForResource', arn });
