import { restrictNode } from '../admission/node-restriction.ts';
import type { ApiContext } from './context.ts';
import { groupVersion, kindOf, type ResourceKind } from '../model/kinds.ts';
import type { WriteTarget } from './write.ts';
import { badRequest, conflict, invalid, invalidValue, notFound } from '../model/errors.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import { timestamp, type KubeObject, type TokenIssuer, type TokenRequestSpec } from '../model/types.ts';
import { checkLifetime } from '../identity/token-lifetime.ts';
import { API_AUDIENCE } from '../identity/token-issuer.ts';

const KIND = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;

const BINDABLE = new Map([
  ['Pod', 'pods'],
  ['Node', 'nodes'],
  ['Secret', 'secrets'],
]);

type IssuedToken = Awaited<ReturnType<TokenIssuer['issue']>>;
type Binding = Pick<TokenRequestSpec, 'pod' | 'node' | 'secret'>;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function uidOf(object: KubeObject): { name: string; uid: string } {
  return { name: object.metadata.name, uid: object.metadata.uid ?? '' };
}

/** Returns the object that `boundObjectRef` names. Throws `ApiError` 400, 404 or 409. */
function bind(context: ApiContext, account: KubeObject, ref: JsonObject): Binding {
  const { store } = context;
  const { namespace, name: accountName } = account.metadata;
  const kind = text(ref['kind']);
  const apiVersion = text(ref['apiVersion']);
  const name = text(ref['name']);
  const resource = BINDABLE.get(kind);
  if (resource === undefined || (apiVersion !== '' && apiVersion !== 'v1')) {
    throw badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  }
  const target = store.get(resource, kind === 'Node' ? undefined : namespace, name);
  if (target === undefined) throw notFound({ group: '', resource }, name);
  const spec = (target['spec'] ?? {}) as { serviceAccountName?: string; nodeName?: string };
  if (kind === 'Pod' && spec.serviceAccountName !== accountName) {
    throw badRequest(
      `cannot bind token for serviceaccount "${accountName}" to pod running with different serviceaccount name.`,
    );
  }
  const uid = text(ref['uid']);
  if (uid && uid !== target.metadata.uid) {
    const cause =
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have ` +
      'been deleted and then recreated';
    throw conflict({ group: '', resource: kind }, name, cause);
  }
  if (kind === 'Node') return { node: uidOf(target) };
  if (kind === 'Secret') return { secret: uidOf(target) };
  if (!spec.nodeName) return { pod: uidOf(target) };
  // Includes the name of a missing node (registry/core/serviceaccount/storage/token.go).
  const node = store.get('nodes', undefined, spec.nodeName);
  return { pod: uidOf(target), node: node === undefined ? { name: spec.nodeName } : uidOf(node) };
}

function secondsOf(value: unknown): number {
  const field = 'spec.expirationSeconds';
  const seconds = value ?? DEFAULT_SECONDS;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) throw badRequest(`${field} must be a whole number`);
  const errors = checkLifetime(seconds, field);
  if (errors.length > 0) throw invalid(KIND, '', errors);
  return seconds;
}

/** From this minor version, the UID in a request must be the service account's. */
const CHECKS_UID = 34;

/**
 * Compares a request's metadata with the service account, where it names one (Kubernetes,
 * pkg/registry/core/serviceaccount/storage/token.go). Returns warnings. Throws `ApiError` 400, 409 or 422.
 */
function checkMetadata(body: JsonObject, { metadata: account }: KubeObject, version: string): readonly string[] {
  const given = isObject(body['metadata']) ? body['metadata'] : {};
  const namespace = text(given['namespace']);
  if (namespace !== '' && namespace !== account.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const name = text(given['name']);
  if (name !== '' && name !== account.name)
    throw invalid(KIND, account.name, [
      invalidValue('metadata.name', name, 'must match the service account name if specified'),
    ]);
  const uid = text(given['uid']);
  if (uid === '' || uid === account.uid) return [];
  const cause = `the UID in the token request (${uid}) does not match the UID of the service account (${account.uid})`;
  if (Number(version.split('.')[1]) >= CHECKS_UID)
    throw conflict({ group: KIND.group, resource: KIND.kind }, account.name, cause);
  return [
    `${cause} but TokenRequestServiceAccountUIDValidation is not enabled. In the future, this will return a conflict error`,
  ];
}

/** Admits a token request, which is a CREATE of the subresource `serviceaccounts/token`. Throws `ApiError`. */
async function admitted(
  context: ApiContext,
  { metadata: { name, namespace = '' } }: KubeObject,
  sent: JsonObject,
  target: WriteTarget,
): Promise<JsonObject> {
  const metadata = { name, namespace, ...(isObject(sent['metadata']) ? sent['metadata'] : {}) };
  const spec = { expirationSeconds: DEFAULT_SECONDS, ...(isObject(sent['spec']) ? sent['spec'] : {}) };
  const object = { ...sent, apiVersion: groupVersion(KIND), kind: KIND.kind, metadata, spec };
  const write = { ...target, objectKind: KIND, operation: 'CREATE', previous: undefined } as const;
  restrictNode(context, { ...write, object });
  const mutated = (await context.webhooks.mutate({ ...write, object })) ?? object;
  await context.webhooks.validate({ ...write, object: mutated });
  return mutated;
}

/** Issues a token. `warnings` become Warning headers. Throws `ApiError`. */
export async function requestToken(
  context: ApiContext,
  account: KubeObject,
  sent: unknown,
  target: WriteTarget,
): Promise<{ readonly object: JsonObject & { readonly status: IssuedToken }; readonly warnings: readonly string[] }> {
  if (!isObject(sent)) throw badRequest('the body of the request must be a TokenRequest');
  const body = await admitted(context, account, sent, target);
  const warnings = checkMetadata(body, account, context.version);
  const spec = isObject(body['spec']) ? body['spec'] : {};
  const requestedAudiences = spec['audiences'] ?? [];
  if (!Array.isArray(requestedAudiences) || !requestedAudiences.every((audience) => typeof audience === 'string')) {
    throw badRequest('spec.audiences must be a list of strings');
  }
  const audiences = requestedAudiences.length === 0 ? [API_AUDIENCE] : requestedAudiences;
  const requested = secondsOf(spec['expirationSeconds']);
  const expirationSeconds = Math.min(requested, context.tokenLifetimes.maxSeconds);
  const ref = spec['boundObjectRef'];
  const binding = isObject(ref) ? bind(context, account, ref) : {};
  const { name, namespace = '', uid = '' } = account.metadata;
  const status = await context.tokens.issue({ namespace, name, uid }, { audiences, expirationSeconds, ...binding });
  const warning = `requested expiration of ${requested} seconds shortened to ${expirationSeconds} seconds`;
  return {
    object: {
      kind: 'TokenRequest',
      apiVersion: groupVersion(KIND),
      metadata: { name, namespace, uid, creationTimestamp: timestamp(context.clock.now()) },
      spec: { audiences, expirationSeconds, boundObjectRef: ref ?? null },
      status,
    },
    warnings: requested === expirationSeconds ? warnings : [...warnings, warning],
  };
}

/** Issues a token as a node requests it for one of its pods. Throws `ApiError`. */
export async function requestPodToken(
  context: ApiContext,
  node: string,
  { namespace, name }: Parameters<TokenIssuer['issue']>[0],
  { audiences, expirationSeconds, pod }: TokenRequestSpec,
): Promise<IssuedToken> {
  const kind = kindOf('serviceaccounts') as ResourceKind;
  const account = context.store.get(kind.resource, namespace, name);
  if (account === undefined) throw notFound(kind, name);
  const spec = { audiences, expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...pod } };
  const user = { username: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] };
  const target = { kind, namespace, name, subresource: 'token', user, dryRun: false };
  return (await requestToken(context, account, { spec }, target)).object.status;
}
