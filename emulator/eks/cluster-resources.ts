import type { AwsError } from '../../foundation/aws/aws-error.ts';
import { EventualMap } from '../core/eventual-map.ts';
import type { JsonObject } from '../../foundation/node/json.ts';
import { requestTagContext } from '../../identity/policy/tag-context.ts';
import type { ConditionContext } from '../../identity/policy/index.ts';
import { demand, demandOnCluster, demandTags, parameter, theCluster, type EksCall, type EksOperation } from './call.ts';
import { eksArn } from './ids.ts';
import { optionalString, page, readTags, resourceTagContext } from './input.ts';
import type { Cluster } from '../world/eks-model.ts';

/** A kind of resource of which a cluster can have several. */
export interface ResourceKind<Item> {
  /** The name in operations, as in `CreateAddon`, and in their answers. */
  readonly name: string;
  readonly member: string;
  /** Path below the cluster's path. */
  readonly path: string;
  /** Path parameter with the resource's name. */
  readonly parameter: string;
  /** End of the resource's ARN, or of a pattern for it. */
  readonly arn: (clusterName: string, name?: string) => string;
  readonly all: (cluster: Cluster) => ReadonlyMap<string, Item> | undefined;
  readonly missing: (name: string, clusterName: string) => AwsError;
  readonly view: (item: Item, cluster: Cluster) => object;
  /** List entry that replaces the name, and the list's filters. */
  readonly summary?: (item: Item) => object;
  readonly isWanted?: (item: Item, query: URLSearchParams) => boolean;
  /** Additional condition keys, of a resource or of the request to create one. */
  readonly keys?: (clusterName: string, item: Item | JsonObject | undefined) => ConditionContext;
  /** Returns the path's cluster, if not every cluster is allowed. */
  readonly cluster?: (call: EksCall) => Cluster;
}

type Tags = Map<string, string>;
export type Tagged = { readonly arn: string; readonly tags: Tags };

function demandCreation<Item>(kind: ResourceKind<Item>, call: EksCall) {
  const { body } = call;
  const clusterName = parameter(call, 'clusterName');
  const tags = readTags(body);
  const keys = kind.keys?.(clusterName, body) ?? {};
  demandOnCluster(call, `eks:Create${kind.name}`, { ...keys, ...requestTagContext(tags) });
  demandTags(call, kind.arn(clusterName, optionalString(body, kind.parameter)), tags);
  return tags;
}

/** Returns the path's resource if the caller may call `action` on it. */
export function demanded<Item extends Tagged>(
  kind: ResourceKind<Item>,
  call: EksCall,
  action: string,
  context: ConditionContext = {},
) {
  const clusterName = parameter(call, 'clusterName');
  const name = parameter(call, kind.parameter);
  const present = call.account.clusters.get(clusterName);
  const item = present && kind.all(present)?.get(name);
  const arn = item?.arn ?? eksArn(call.world, call.account.id, kind.arn(clusterName, name));
  demand(call, action, arn, { ...kind.keys?.(clusterName, item), ...resourceTagContext(item?.tags), ...context });
  const cluster = (kind.cluster ?? theCluster)(call);
  if (item === undefined) throw kind.missing(name, clusterName);
  return { cluster, item };
}

/** Creates a resource once per `clientRequestToken`. Repeated calls return the first result. */
export function createOperation<Item>(
  kind: ResourceKind<Item>,
  make: (call: EksCall, cluster: Cluster, tags: Tags, remember: (id: string) => void) => Promise<Item> | Item,
): EksOperation {
  return async (call) => {
    const tags = demandCreation(kind, call);
    const cluster = (kind.cluster ?? theCluster)(call);
    const { requestTokens } = call.state;
    const scope = `${cluster.arn} Create${kind.name}`;
    const repeated = kind.all(cluster)?.get(requestTokens.find(scope, call.body) ?? '');
    const remember = (id: string): void => requestTokens.remember(scope, call.body, id);
    const item = repeated ?? (await make(call, cluster, tags, remember));
    return { [kind.member]: kind.view(item, cluster) };
  };
}

export function describeOperation<Item extends Tagged>(kind: ResourceKind<Item>): EksOperation {
  return (call) => {
    const { cluster, item } = demanded(kind, call, `eks:Describe${kind.name}`);
    return { [kind.member]: kind.view(item, cluster) };
  };
}

export function listOperation<Item>(kind: ResourceKind<Item>): EksOperation {
  return (call) => {
    demandOnCluster(call, `eks:List${pluralOf(kind.name)}`);
    const all = kind.all((kind.cluster ?? theCluster)(call)) ?? new Map<string, Item>();
    const listed = all instanceof EventualMap ? (all as EventualMap<Item>).listed() : all;
    const wanted = [...listed].filter(([, item]) => kind.isWanted?.(item, call.query) ?? true);
    const { items, nextToken } = page(wanted, ([name]) => name, call.query);
    return { [pluralOf(kind.member)]: items.map(([name, item]) => kind.summary?.(item) ?? name), nextToken };
  };
}

/** Returns the plural, as in `ListAccessEntries`. */
export const pluralOf = (name: string): string => `${name.replace(/y$/, 'ie')}s`;
