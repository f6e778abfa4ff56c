import { randomUUID } from 'node:crypto';
import type { UserInfo } from '../model/user.ts';
import { groupVersion, type ResourceKind } from '../model/kinds.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { ApiError, type KubeObject } from '../model/types.ts';
import type { WebhookClient } from './webhook-client.ts';
import { matches, type MutatingWebhook, type Operation } from './webhook-matching.ts';

interface AdmissionAttributes {
  readonly kind: ResourceKind;
  readonly subresource: string;
  readonly operation: Operation;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly object: KubeObject | undefined;
  readonly previous: KubeObject | undefined;
}

interface AdmissionResponse {
  readonly uid?: unknown;
  readonly allowed?: unknown;
  readonly patch?: string | null;
  readonly patchType?: unknown;
  readonly status?: { readonly code?: number; readonly reason?: string; readonly message?: string };
}

const REVIEW_VERSIONS = ['v1', 'v1beta1'];

function reviewOf(uid: string, version: string, attributes: AdmissionAttributes, object: KubeObject | undefined) {
  const { kind, subresource, operation, user, dryRun, previous } = attributes;
  const subject = object ?? previous;
  const resourceRef = { group: kind.group, version: kind.version, resource: kind.resource };
  const kindRef = { group: kind.group, version: kind.version, kind: kind.kind };
  const optionsKind = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' }[operation];
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
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
    },
  };
}

function denial(webhook: MutatingWebhook, response: AdmissionResponse): ApiError {
  const { code = 0, reason, message } = response.status ?? {};
  const explanation = message || reason;
  const text = explanation ? `denied the request: ${explanation}` : 'denied the request without explanation';
  return new ApiError(Math.max(code, 400), reason ?? '', `admission webhook "${webhook.name}" ${text}`);
}

function internalError(error: unknown, prefix = ''): ApiError {
  const cause = error instanceof Error ? error.message : 'unknown error';
  const causes = [{ reason: '', field: '', message: prefix + cause }];
  return new ApiError(500, 'InternalError', `Internal error occurred: ${prefix}${cause}`, { causes });
}

export class MutatingWebhooks {
  readonly #store: MemoryStore;
  readonly #client: WebhookClient;
  /** Number of ignored failures by webhook. */
  readonly #failedOpen = new Map<string, number>();

  constructor(store: MemoryStore, client: WebhookClient) {
    this.#store = store;
    this.#client = client;
  }

  /**
   * Calls matching webhooks in the order of configuration names (Kubernetes, "Dynamic Admission Control"), and applies
   * failurePolicy to failures. Does not support reinvocation and matchConditions.
   */
  async admit(attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
    // Webhooks must not prevent the removal of their own configuration.
    if (attributes.kind.group === 'admissionregistration.k8s.io') return attributes.object;
    let { object } = attributes;
    for (const webhook of this.#registered()) {
      const objects = { object, previous: attributes.previous };
      const { kind, subresource, operation } = attributes;
      if (!matches(webhook, kind, subresource, operation, objects, this.#store)) continue;
      if (attributes.dryRun && !['None', 'NoneOnDryRun'].includes(webhook.sideEffects ?? '')) {
        throw new ApiError(400, 'BadRequest', `admission webhook "${webhook.name}" does not support dry run`);
      }
      object = await this.#ask(webhook, attributes, object);
    }
    return object;
  }

  /** Returns metrics in Prometheus's text format (Kubernetes, "Kubernetes Metrics Reference"). */
  metrics(): string {
    const name = 'apiserver_admission_webhook_fail_open_count';
    const lines = [...this.#failedOpen].map(
      ([webhook, count]) => `${name}{name=${JSON.stringify(webhook)},type="admitting"} ${count}\n`,
    );
    return `# TYPE ${name} counter\n${lines.join('')}`;
  }

  #registered(): MutatingWebhook[] {
    return this.#store
      .list('mutatingwebhookconfigurations')
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .flatMap((configuration) => (configuration['webhooks'] as MutatingWebhook[] | null | undefined) ?? []);
  }

  async #ask(webhook: MutatingWebhook, attributes: AdmissionAttributes, object: KubeObject | undefined) {
    let response: AdmissionResponse;
    try {
      response = await this.#call(webhook, attributes, object);
    } catch (error) {
      if (webhook.failurePolicy === 'Ignore') {
        this.#failedOpen.set(webhook.name, (this.#failedOpen.get(webhook.name) ?? 0) + 1);
        return object;
      }
      throw internalError(error, `failed calling webhook "${webhook.name}": `);
    }
    if (response.allowed !== true) throw denial(webhook, response);
    if (!response.patch) return object;
    // A patch that does not apply fails the write despite failurePolicy.
    try {
      const patch: unknown = JSON.parse(Buffer.from(response.patch, 'base64').toString());
      if (object === undefined) throw new Error('there is no object to patch in this operation');
      return restoreIdentity(applyJsonPatch(object, patch) as KubeObject, object, attributes.kind);
    } catch (error) {
      throw internalError(error);
    }
  }

  async #call(webhook: MutatingWebhook, attributes: AdmissionAttributes, object: KubeObject | undefined) {
    const version = (webhook.admissionReviewVersions ?? []).find((v) => REVIEW_VERSIONS.includes(v));
    if (version === undefined) throw new Error('webhook does not accept known AdmissionReview versions (v1, v1beta1)');
    const uid = randomUUID();
    const answer = await this.#client.post(webhook, reviewOf(uid, version, attributes, object));
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
}

/** Undoes a patch's changes to the object's kind, name and namespace. */
function restoreIdentity(patched: KubeObject, object: KubeObject, kind: ResourceKind) {
  const { name, namespace } = object.metadata;
  const metadata = { ...(patched.metadata as KubeObject['metadata'] | undefined), name };
  if (namespace !== undefined) metadata.namespace = namespace;
  return { ...patched, apiVersion: groupVersion(kind), kind: kind.kind, metadata };
}
