import { nodeNameOf, type PodSpec } from '../authorization/node.ts';
import type { Authorizer } from '../authorization/rbac.ts';
import { forbidden, notFound, notOffered } from '../model/errors.ts';
import type { KubeObject } from '../model/types.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { AdmissionAttributes } from './webhook-review.ts';

interface Request extends Pick<
  AdmissionAttributes,
  'kind' | 'subresource' | 'operation' | 'user' | 'object' | 'previous'
> {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
}

interface Context {
  readonly store: MemoryStore;
  readonly authorizer: Authorizer;
  /** For example `1.34`. */
  readonly version: string;
}

const MIRROR = 'kubernetes.io/config.mirror';
/** From this minor version, a node can only request the audiences of its pods. */
const RESTRICTS_AUDIENCES = 33;
/** Labels of `kubernetes.io` and `k8s.io` that a kubelet sets itself (k8s.io/kubelet/pkg/apis, `IsKubeletLabel`). */
const KUBELET_LABEL =
  /^(kubernetes\.io\/(hostname|os|arch)|beta\.kubernetes\.io\/(instance-type|os|arch)|(topology|failure-domain\.beta)\.kubernetes\.io\/(region|zone)|(.*\.)?(kubelet|node)\.kubernetes\.io\/.*)$/;
const RESTRICTED_LABEL = /^(.*\.)?(kubernetes\.io|k8s\.io)\//;
const NEVER_LABEL = /^(.*\.)?node-restriction\.kubernetes\.io\//;

/**
 * Like the admission plugin NodeRestriction of Kubernetes 1.34: limits writes of a node to itself and its pods (Kubernetes,
 * "Admission Control in Kubernetes"). Throws `ApiError` 403 or 404. Nodes cannot create pods: there are no static pods.
 */
export function restrictNode(context: Context, request: Request): void {
  const node = nodeNameOf(request.user);
  if (node === undefined) return;
  const { kind, subresource, object, previous } = request;
  const name = request.name ?? object?.metadata.name ?? '';
  if (node === '') throw forbidden(kind, name, `could not determine node from user "${request.user.username}"`);
  const refusal = ((): string | undefined => {
    switch (kind.resource) {
      case 'pods':
        return podProblem(node, request);
      case 'nodes':
        if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`;
        return nodeProblem(node, object, previous);
      case 'serviceaccounts':
        return subresource === 'token' && isObject(object) ? tokenProblem(context, node, request, object) : undefined;
      case 'leases':
        return name === node ? undefined : 'can only access node lease with the same name as the requesting node';
      default:
        return undefined;
    }
  })();
  if (refusal !== undefined) throw forbidden(kind, name, refusal);
}

const nodeOf = (pod: KubeObject | undefined): string | undefined => (pod?.['spec'] as PodSpec | undefined)?.nodeName;

function podProblem(node: string, { kind, subresource, operation, object, previous }: Request): string | undefined {
  if (subresource === 'status') {
    if (nodeOf(previous) !== node)
      return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`;
    const [before, after] = [previous, object].map((pod) => JSON.stringify(pod?.metadata.labels ?? {}));
    return before === after ? undefined : `node "${node}" cannot update labels through pod status`;
  }
  if (subresource === 'eviction')
    return nodeOf(previous) === node ? undefined : `node ${node} can only evict pods with spec.nodeName set to itself`;
  if (operation === 'DELETE')
    return nodeOf(previous) === node
      ? undefined
      : `node "${node}" can only delete pods with spec.nodeName set to itself`;
  if (operation === 'UPDATE')
    return `unexpected operation "UPDATE", node "${node}" can only create and delete mirror pods`;
  if (object?.metadata.annotations?.[MIRROR] === undefined)
    return `pod does not have "${MIRROR}" annotation, node "${node}" can only create mirror pods`;
  throw notOffered(kind, 'mirror pods need static pods, which its nodes do not run');
}

function nodeProblem(
  node: string,
  object: KubeObject | undefined,
  previous: KubeObject | undefined,
): string | undefined {
  const [after, before] = [object?.metadata.labels ?? {}, previous?.metadata.labels ?? {}];
  const labels = Object.keys({ ...after, ...before })
    .filter((label) => after[label] !== before[label])
    .filter((label) => NEVER_LABEL.test(label) || (RESTRICTED_LABEL.test(label) && !KUBELET_LABEL.test(label)))
    .toSorted();
  const isChanged = (listOf: (one: KubeObject | undefined) => unknown): boolean =>
    previous !== undefined && JSON.stringify(listOf(object) ?? []) !== JSON.stringify(listOf(previous) ?? []);
  if (isChanged((one) => (one?.['spec'] as { taints?: unknown } | undefined)?.taints))
    return `node "${node}" is not allowed to modify taints`;
  // Since 1.34: the garbage collector would delete the node, which could then register itself again (CVE-2025-5187).
  if (isChanged((one) => one?.metadata['ownerReferences']))
    return `node "${node}" is not allowed to modify ownerReferences`;
  if (labels.length === 0) return undefined;
  return previous === undefined
    ? `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}`
    : `is not allowed to modify labels: ${labels.join(', ')}`;
}

function tokenProblem(
  { store, authorizer, version }: Context,
  node: string,
  { user, name = '', namespace = '' }: Request,
  { spec }: JsonObject,
): string | undefined {
  const { boundObjectRef, audiences } = isObject(spec) ? spec : {};
  const ref = (isObject(boundObjectRef) ? boundObjectRef : {}) as Readonly<Record<string, string | undefined>>;
  const { name: podName, uid } = ref;
  if (ref['apiVersion'] !== 'v1' || ref['kind'] !== 'Pod' || !podName) return 'node requested token not bound to a pod';
  if (!uid) return 'node requested token with a pod binding without a uid';
  const pod = store.get('pods', namespace, podName);
  if (pod === undefined) throw notFound({ group: '', resource: 'pods' }, podName);
  if (uid !== pod.metadata.uid)
    return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  if (nodeOf(pod) !== node) return 'node requested token bound to a pod scheduled on a different node';
  if (Number(version.split('.')[1]) < RESTRICTS_AUDIENCES) return undefined;
  const requested = Array.isArray(audiences) ? audiences.map(String) : [];
  if (requested.length > 1) return 'node may only request 0 or 1 audiences';
  const [audience = ''] = requested;
  const sources = ((pod['spec'] as PodSpec).volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ serviceAccountToken: token }) => token && (token.audience ?? '') === audience)) return undefined;
  // Kubernetes, "Using Node Authorization", "Service account token audience restriction".
  const verb = 'request-serviceaccounts-token-audience';
  if (authorizer.authorize(user, { verb, group: '', resource: audience, name, namespace }).allowed) return undefined;
  return `audience "${audience}" not found in pod spec volume, ${user.username} is not authorized to request tokens for this audience`;
}
