import { invalid, invalidValue } from '../model/errors.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../model/types.ts';

const KIND = { group: 'autoscaling', kind: 'Scale' };

/** Returns a workload's Scale (Kubernetes API reference, "Scale v1 autoscaling"). */
export function scaleOf({ metadata, ...workload }: KubeObject): KubeObject {
  const { replicas = 1, selector } = (workload['spec'] ?? {}) as { replicas?: number; selector?: JsonObject };
  const labels = Object.entries(isObject(selector?.['matchLabels']) ? selector['matchLabels'] : {});
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: JSON.parse(
      JSON.stringify({ name, namespace, uid, resourceVersion, creationTimestamp }),
    ) as KubeObject['metadata'],
    spec: { replicas },
    status: {
      replicas: ((workload['status'] ?? {}) as { replicas?: number }).replicas ?? 0,
      selector: labels.map(([key, value]) => `${key}=${String(value)}`).join(','),
    },
  };
}

/** Returns the workload with the replicas of a Scale. Throws `ApiError` 422. */
export function scaled(workload: KubeObject, scale: unknown): KubeObject {
  const spec = isObject(scale) && isObject(scale['spec']) ? scale['spec'] : {};
  const replicas = spec['replicas'] ?? 0;
  if (!Number.isInteger(replicas) || Number(replicas) < 0) {
    const why = 'must be greater than or equal to 0';
    throw invalid(KIND, workload.metadata.name, [invalidValue('spec.replicas', replicas, why)]);
  }
  return { ...workload, spec: { ...(workload['spec'] as JsonObject), replicas } };
}
