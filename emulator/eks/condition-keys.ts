import type { ConditionContext } from '../../identity/policy/index.ts';
import { isJsonObject, type JsonObject } from '../../foundation/node/json.ts';
import members from './cluster-condition-keys.json' with { type: 'json' };
import type { AccessEntry } from '../world/eks-model.ts';

const PARTS = ['kubeApiServerConfig', 'kubeControllerManagerConfig', 'kubeSchedulerConfig'];

/** Returns the condition keys of the members in the request (Service Authorization Reference, "Amazon EKS"). */
export function clusterKeys(body: JsonObject): ConditionContext {
  const single = Object.entries(members).map(([key, path]) => [key, at(body, path)] as const);
  const parts = PARTS.map((name) => [name, isJsonObject(body[name]) || undefined] as const);
  const logging = items(at(body, ['logging', 'clusterLogging'])).flatMap((setup) =>
    items(at(setup, ['types'])).map((type) => [`loggingType/${String(type)}`, at(setup, ['enabled'])] as const),
  );
  const keys = items(body['encryptionConfig']).map((config) => at(config, ['provider', 'keyArn']));
  return eksKeys([...single, ...parts, ...logging, ['encryptionConfigProviderKeyArns', keys]]);
}

export function accessEntryKeys(clusterName: string, entry: AccessEntry | JsonObject | undefined): ConditionContext {
  if (entry === undefined) return {};
  const { principalArn, username, kubernetesGroups, type: accessEntryType = 'STANDARD' } = entry;
  return eksKeys(Object.entries({ principalArn, username, kubernetesGroups, accessEntryType, clusterName }));
}

function eksKeys(entries: readonly (readonly [string, unknown])[]): ConditionContext {
  const keys: Record<string, string | readonly string[]> = {};
  for (const [name, value] of entries) {
    if (!Array.isArray(value)) {
      if (typeof value === 'string' || typeof value === 'boolean') keys[`eks:${name}`] = String(value);
    } else if (value.length > 0) keys[`eks:${name}`] = value.map(String);
  }
  return keys;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => (isJsonObject(inner) ? (inner[name] ?? undefined) : undefined), value);
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
