import { applyJsonPatch } from '../patch/json-patch.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { ApiError, type KubeObject } from '../model/types.ts';
import { conditionsHold } from './match-conditions.ts';
import type { WebhookClient } from './webhook-client.ts';
import { matches, webhooksOf, type Webhook } from './webhook-matching.ts';
import { ask, type AdmissionAttributes, type AdmissionResponse } from './webhook-review.ts';

function denial(webhook: Webhook, response: AdmissionResponse): ApiError {
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

/** Changes that the API server makes to an object between webhooks. */
export interface Completion {
  /** After each patch. */
  readonly defaults: (object: KubeObject) => void;
  /** After all patches: the admission plugins of the API server, which add to what webhooks added. */
  readonly plugins: (object: KubeObject) => void;
}

type Type = 'admitting' | 'validating';
const CONFIGURATIONS = {
  admitting: 'mutatingwebhookconfigurations',
  validating: 'validatingwebhookconfigurations',
} as const;

/** The webhooks of the cluster's configurations (Kubernetes documentation, "Dynamic Admission Control"). */
export class AdmissionWebhooks {
  readonly #store: MemoryStore;
  readonly #client: WebhookClient;
  /** Number of ignored failures by type and webhook. */
  readonly #failedOpen: Readonly<Record<Type, Map<string, number>>> = { admitting: new Map(), validating: new Map() };

  constructor(store: MemoryStore, client: WebhookClient) {
    this.#store = store;
    this.#client = client;
  }

  /**
   * Calls matching mutating webhooks in the order of configuration names, and those with reinvocationPolicy IfNeeded once
   * more if a later webhook or plugin changed the object. Throws `ApiError` if one denies the write.
   */
  async mutate(attributes: AdmissionAttributes, completion?: Completion): Promise<KubeObject | undefined> {
    let { object } = attributes;
    const called = new Set<Webhook>();
    let again = new Set<Webhook>();
    const callAll = async (webhooks: readonly Webhook[]): Promise<boolean> => {
      let isChanged = false;
      for (const webhook of webhooks) {
        if (!(await this.#matches(webhook, attributes, object))) continue;
        const patched = await this.#patched(webhook, attributes, object);
        if (patched !== undefined && patched !== object) {
          completion?.defaults(patched);
          if (JSON.stringify(patched) !== JSON.stringify(object)) {
            isChanged = true;
            again = new Set([...again, ...called]);
          }
          object = patched;
        }
        if ('reinvocationPolicy' in webhook && webhook.reinvocationPolicy === 'IfNeeded') called.add(webhook);
      }
      return isChanged;
    };
    const runPlugins = (): void => {
      if (object === undefined || completion === undefined) return;
      const before = JSON.stringify(object);
      completion.plugins(object);
      if (JSON.stringify(object) !== before) again = new Set(called);
    };
    const webhooks = this.#registered('admitting', attributes);
    if (!(await callAll(webhooks))) return object;
    runPlugins();
    const isAgain = new Set(again);
    if (await callAll(webhooks.filter((webhook) => isAgain.has(webhook)))) runPlugins();
    return object;
  }

  /** Calls all matching validating webhooks at once. Throws `ApiError` if one denies the write. */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    const call = async (webhook: Webhook): Promise<void> => {
      if (await this.#matches(webhook, attributes, attributes.object))
        await this.#response('validating', webhook, attributes, attributes.object);
    };
    await Promise.all(this.#registered('validating', attributes).map(call));
  }

  /** Returns metrics in Prometheus's text format (Kubernetes, "Kubernetes Metrics Reference"). */
  metrics(): string {
    const name = 'apiserver_admission_webhook_fail_open_count';
    const lines = Object.entries(this.#failedOpen).flatMap(([type, counts]) =>
      [...counts].map(([webhook, count]) => `${name}{name=${JSON.stringify(webhook)},type="${type}"} ${count}\n`),
    );
    return `# TYPE ${name} counter\n${lines.join('')}`;
  }

  #registered(type: Type, { kind }: AdmissionAttributes): readonly Webhook[] {
    // Webhooks must not prevent the removal of their own configuration.
    if (kind.group === 'admissionregistration.k8s.io') return [];
    return this.#store
      .list(CONFIGURATIONS[type])
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .flatMap(webhooksOf);
  }

  async #matches(webhook: Webhook, attributes: AdmissionAttributes, object: KubeObject | undefined): Promise<boolean> {
    const { kind, subresource, operation, previous, dryRun } = attributes;
    if (!matches(webhook, kind, subresource, operation, { object, previous }, this.#store)) return false;
    if (!(await conditionsHold(webhook, attributes, object))) return false;
    if (dryRun && !['None', 'NoneOnDryRun'].includes(webhook.sideEffects ?? ''))
      throw new ApiError(400, 'BadRequest', `admission webhook "${webhook.name}" does not support dry run`);
    return true;
  }

  /** Returns the answer of a webhook that allows the write; undefined for a failure that failurePolicy ignores. */
  async #response(
    type: Type,
    webhook: Webhook,
    attributes: AdmissionAttributes,
    object: KubeObject | undefined,
  ): Promise<AdmissionResponse | undefined> {
    let response: AdmissionResponse;
    try {
      response = await ask(this.#client, webhook, attributes, object);
    } catch (error) {
      if (webhook.failurePolicy === 'Ignore') {
        const counts = this.#failedOpen[type];
        counts.set(webhook.name, (counts.get(webhook.name) ?? 0) + 1);
        return undefined;
      }
      throw internalError(error, `failed calling webhook "${webhook.name}": `);
    }
    for (const warning of [response.warnings].flat()) if (typeof warning === 'string') attributes.fields?.warn(warning);
    if (response.allowed !== true) throw denial(webhook, response);
    return response;
  }

  async #patched(webhook: Webhook, attributes: AdmissionAttributes, object: KubeObject | undefined) {
    const { patch } = (await this.#response('admitting', webhook, attributes, object)) ?? {};
    if (!patch) return object;
    // A patch that does not apply fails the write despite failurePolicy.
    try {
      const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString());
      if (object === undefined) throw new Error('there is no object to patch in this operation');
      return restoreIdentity(applyJsonPatch(object, operations) as KubeObject, object);
    } catch (error) {
      throw internalError(error);
    }
  }
}

/** Undoes a patch's changes to the object's kind, name and namespace. */
function restoreIdentity(
  patched: KubeObject,
  { apiVersion, kind, metadata: { name, namespace } }: KubeObject,
): KubeObject {
  const metadata = { ...(patched.metadata as KubeObject['metadata'] | undefined), name };
  if (namespace !== undefined) metadata.namespace = namespace;
  return { ...patched, apiVersion, kind, metadata };
}
