import type { V1Job } from '@kubernetes/client-node';
import { TERMINATION_LOG, type LoadPlan } from '../../foundation/load-protocol.ts';
import { podManifest, PROBE_CONTAINER } from '../world/pod-manifest.ts';
import { clusterOf, labelsOf, type ScenarioWorld, type Workload } from '../world/world.ts';

/** On the pods of a load, beside those of every pod of the run: its name. */
export const LOAD_LABEL = 'conformance.eks-pod-identity/load';

interface JobOptions {
  readonly load: string;
  readonly completions: number;
  readonly parallelism: number;
  /** Seconds after which Kubernetes ends its pods, so that none outlives the scenario. */
  readonly deadlineSeconds: number;
  readonly plan: LoadPlan;
}

/**
 * An Indexed Job whose pods are those of a workload (Kubernetes, "Jobs", Completion mode). A pod that fails is not made again:
 * `backoffLimitPerIndex` 0 lets its index alone fail, where a Job's own limit would end all other pods with it; a second pod would
 * hide what happened to the first. Pods are told their names by the downward API.
 */
export function jobManifest(world: ScenarioWorld, item: Workload, options: JobOptions): V1Job {
  const { load, completions, parallelism, deadlineSeconds, plan } = options;
  const name = `${load}-${item.name}`;
  const { metadata = {}, spec } = podManifest(world, item, name, { groups: [], heldBack: false });
  const labels = { ...labelsOf(world), [LOAD_LABEL]: load };
  const told = [
    { name: 'LOAD_PLAN', value: JSON.stringify(plan) },
    { name: 'LOAD_VERDICT_FILE', value: TERMINATION_LOG },
    { name: 'LOAD_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
  const containers = (spec?.containers ?? []).map((container) =>
    container.name === PROBE_CONTAINER ? { ...container, env: [...(container.env ?? []), ...told] } : container,
  );
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: item.namespace, labels },
    spec: {
      completionMode: 'Indexed',
      ...{ completions, parallelism, backoffLimitPerIndex: 0, activeDeadlineSeconds: deadlineSeconds },
      template: {
        metadata: { labels: { ...metadata.labels, ...labels }, annotations: metadata.annotations ?? {} },
        spec: { ...spec, containers },
      },
    },
  };
}

const JOBS = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;

/** Creates a Job; it goes with the scenario, and its pods with it. Throws an Error where the API server does not take it. */
export async function createJob(world: ScenarioWorld, item: Workload, job: V1Job): Promise<void> {
  const { kubernetes } = clusterOf(world, item.cluster);
  const path = JOBS(item.namespace);
  const name = job.metadata?.name ?? '';
  world.resources.addChange(`job ${item.namespace}/${name}`, async () => {
    const { status } = await kubernetes.raw({ method: 'DELETE', path: `${path}/${name}?propagationPolicy=Background` });
    if (status >= 400 && status !== 404)
      throw new Error(`job ${item.namespace}/${name} is not deleted (status ${status})`);
  });
  const { status, body } = await kubernetes.raw({ method: 'POST', path, body: job });
  if (status !== 201 && status !== 409)
    throw new Error(`job ${item.namespace}/${name} is not made (status ${status}): ${body.slice(0, 300)}`);
}
