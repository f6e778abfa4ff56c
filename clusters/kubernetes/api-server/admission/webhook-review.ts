import { randomUUID } from 'node:crypto';
import type { UserInfo } from '../model/user.ts';
import type { ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/types.ts';
import type { WebhookClient } from './webhook-client.ts';
import type { Operation, Webhook } from './webhook-matching.ts';

/** A write that webhooks may change or refuse. */
export interface AdmissionAttributes {
  readonly kind: ResourceKind;
  /** The kind of the object, if it is not the resource's, as for `serviceaccounts/token`. */
  readonly objectKind?: Pick<ResourceKind, 'group' | 'version' | 'kind'>;
  readonly subresource: string;
  readonly operation: Operation;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly object: KubeObject | undefined;
  readonly previous: KubeObject | undefined;
  /** Passes webhooks' warnings to the client. */
  readonly fields?: { readonly warn: (text: string) => void };
}

export interface AdmissionResponse {
  readonly uid?: unknown;
  readonly allowed?: unknown;
  readonly patch?: string | null;
  readonly patchType?: unknown;
  readonly warnings?: unknown;
  readonly status?: { readonly code?: number; readonly reason?: string; readonly message?: string };
}

const REVIEW_VERSIONS = ['v1', 'v1beta1'];

/** Returns the `request` of an AdmissionReview. */
export function requestOf(uid: string, attributes: AdmissionAttributes, object: KubeObject | undefined) {
  const { kind, objectKind = kind, subresource, operation, user, dryRun, previous } = attributes;
  const subject = object ?? previous;
  const resourceRef = { group: kind.group, version: kind.version, resource: kind.resource };
  const { group, version, kind: name } = objectKind;
  const kindRef = { group, version, kind: name };
  const optionsKind = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' }[operation];
  return {
    uid,
    kind: kindRef,
    resource: resourceRef,
    ...(subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }),
    requestKind: kindRef,
    requestResource: resourceRef,
    ...(subject?.metadata.name ? { name: subject.metadata.name } : {}),
    ...(subject?.metadata.namespace === undefined ? {} : { namespace: subject.metadata.namespace }),
    operation,
    userInfo: user,
    object: object ?? null,
    oldObject: previous ?? null,
    dryRun,
    options: { kind: optionsKind, apiVersion: 'meta.k8s.io/v1' },
  };
}

/** Asks a webhook about a write. Throws an `Error` with Kubernetes's message if it gives no valid answer. */
export async function ask(
  client: WebhookClient,
  webhook: Webhook,
  attributes: AdmissionAttributes,
  object: KubeObject | undefined,
): Promise<AdmissionResponse> {
  const version = (webhook.admissionReviewVersions ?? []).find((v) => REVIEW_VERSIONS.includes(v));
  if (version === undefined) throw new Error('webhook does not accept known AdmissionReview versions (v1, v1beta1)');
  const uid = randomUUID();
  const answer = await client.post(webhook, {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: requestOf(uid, attributes, object),
  });
  const { kind, apiVersion, response } = (answer ?? {}) as {
    kind?: unknown;
    apiVersion?: unknown;
    response?: AdmissionResponse | null;
  };
  if (typeof response !== 'object' || response === null) throw new Error('webhook response was absent');
  // v1beta1 responses may lack kind, UID and patch type.
  if (version === 'v1') {
    if (kind !== 'AdmissionReview' || apiVersion !== 'admission.k8s.io/v1') {
      const got = `${String(apiVersion)}, Kind=${String(kind)}`;
      throw new Error(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${got}`);
    }
    if (response.uid !== uid) throw new Error(`expected response.uid="${uid}", got a different one`);
    const [has, lacks] = response.patch ? ['patch', 'patchType'] : ['patchType', 'patch'];
    if (!response.patch !== !response.patchType)
      throw new Error(`webhook returned response.${has} but not response.${lacks}`);
    if (response.patchType && response.patchType !== 'JSONPatch')
      throw new Error(`unsupported patch type ${JSON.stringify(response.patchType)}`);
  }
  return response;
}
