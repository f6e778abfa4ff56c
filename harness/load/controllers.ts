import type { V1Deployment, V1Job, V1PodTemplateSpec } from '@kubernetes/client-node';
import { poll } from '../../foundation/node/poll.ts';
import { TERMINATION_LOG, type LoadPlan } from '../../foundation/protocols/load-protocol.ts';
import { podManifest, PROBE_CONTAINER } from '../world/pod-manifest.ts';
import { clusterOf, labelsOf, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';

export const LOAD_LABEL = 'conformance.eks-pod-identity/load';
/** Label that distinguishes the pods of a Deployment. */
const CONTROLLER_LABEL = 'conformance.eks-pod-identity/load-of';
/** Seconds for the last round of a Deployment's pod. */
const GRACE_SECONDS = 60;

/** A Job or a Deployment of a load (Kubernetes, "Controllers"). */
interface PodController {
  readonly item: Workload;
  /** `/apis/<group and version>/namespaces/<namespace>/<resource>`. */
  readonly collection: string;
  readonly name: string;
}

interface JobOptions {
  readonly load: string;
  readonly completions: number;
  readonly parallelism: number;
  /** Seconds until Kubernetes ends the pods, so that they do not outlive the scenario. */
  readonly deadlineSeconds: number;
  readonly plan: LoadPlan;
}

const nameOf = (load: string, item: Workload): string => `${load}-${item.name}`;

/**
 * Returns an Indexed Job (Kubernetes, "Jobs", Completion mode). A failed pod only fails its index and is not replaced
 * (`backoffLimitPerIndex` 0), because a replacement would hide the failure.
 */
export function jobManifest(context: ScenarioContext, item: Workload, options: JobOptions): V1Job {
  const { load, completions, parallelism, deadlineSeconds, plan } = options;
  const labels = { ...labelsOf(context), [LOAD_LABEL]: load };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: nameOf(load, item), namespace: item.namespace, labels },
    spec: {
      completionMode: 'Indexed',
      completions,
      parallelism,
      backoffLimitPerIndex: 0,
      activeDeadlineSeconds: deadlineSeconds,
      template: podTemplate(context, item, load, plan),
    },
  };
}

export function deploymentManifest(
  context: ScenarioContext,
  item: Workload,
  { load, replicas, plan }: { readonly load: string; readonly replicas: number; readonly plan: LoadPlan },
): V1Deployment {
  const name = nameOf(load, item);
  const labels = { ...labelsOf(context), [LOAD_LABEL]: load };
  const { metadata, spec } = podTemplate(context, item, load, { ...plan, untilEnded: true });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: item.namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: { [CONTROLLER_LABEL]: name } },
      template: {
        metadata: { ...metadata, labels: { ...metadata?.labels, [CONTROLLER_LABEL]: name } },
        ...(spec && {
          spec: { ...spec, restartPolicy: 'Always', terminationGracePeriodSeconds: GRACE_SECONDS },
        }),
      },
    },
  };
}

function podTemplate(context: ScenarioContext, item: Workload, load: string, plan: LoadPlan): V1PodTemplateSpec {
  const { metadata = {}, spec } = podManifest(context, item, nameOf(load, item), { groups: [], deferred: false });
  const variables = [
    { name: 'LOAD_PLAN', value: JSON.stringify(plan) },
    { name: 'LOAD_VERDICT_FILE', value: TERMINATION_LOG },
    { name: 'LOAD_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
  const containers = (spec?.containers ?? []).map((container) =>
    container.name === PROBE_CONTAINER ? { ...container, env: [...(container.env ?? []), ...variables] } : container,
  );
  return {
    metadata: {
      labels: { ...metadata.labels, ...labelsOf(context), [LOAD_LABEL]: load },
      annotations: metadata.annotations ?? {},
    },
    spec: { ...spec, containers },
  };
}

/** Creates a Job or a Deployment, which is deleted with the scenario. Throws an Error if the API server rejects it. */
export async function createController(
  context: ScenarioContext,
  item: Workload,
  object: V1Job | V1Deployment,
): Promise<PodController> {
  const { kubernetes } = clusterOf(context, item.cluster);
  const resource = object.kind === 'Job' ? 'jobs' : 'deployments';
  const collection = `/apis/${object.apiVersion}/namespaces/${item.namespace}/${resource}`;
  const controller = { item, collection, name: object.metadata?.name ?? '' };
  context.resources.addChange(labelOf(controller), () => deleteController(context, controller));
  const { status, body } = await kubernetes.raw({ method: 'POST', path: collection, body: object });
  if (status !== 201 && status !== 409)
    throw new Error(`${labelOf(controller)} was not created (status ${status}): ${body.slice(0, 300)}`);
  return controller;
}

export async function deleteController(context: ScenarioContext, controller: PodController): Promise<void> {
  const path = `${pathOf(controller)}?propagationPolicy=Background`;
  const { status } = await clusterOf(context, controller.item.cluster).kubernetes.raw({ method: 'DELETE', path });
  if (status >= 400 && status !== 404) throw new Error(`${labelOf(controller)} was not deleted (status ${status})`);
}

const pathOf = ({ collection, name }: PodController): string => `${collection}/${name}`;
const labelOf = ({ collection, name, item }: PodController): string =>
  `${collection.endsWith('/jobs') ? 'job' : 'deployment'} ${item.namespace}/${name}`;

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** Restarts a Deployment like `kubectl rollout restart`. Resolves once all pods are replaced and available. */
export async function rollOut(context: ScenarioContext, controller: PodController): Promise<void> {
  const { kubernetes } = clusterOf(context, controller.item.cluster);
  const annotations = { [RESTARTED_AT]: new Date().toISOString() };
  const { status } = await kubernetes.raw({
    method: 'PATCH',
    path: pathOf(controller),
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { spec: { template: { metadata: { annotations } } } },
  });
  if (status !== 200) throw new Error(`${labelOf(controller)} was not restarted (status ${status})`);
  const isOver = async (): Promise<true | undefined> => {
    const { body } = await kubernetes.raw({ path: pathOf(controller) });
    const { metadata, spec, status: now } = JSON.parse(body) as V1Deployment;
    const all = spec?.replicas ?? 1;
    return (now?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) &&
      [now?.updatedReplicas, now?.replicas, now?.availableReplicas].every((count) => count === all)
      ? true
      : undefined;
  };
  await poll(isOver, { every: 500, signal: context.signal, what: `${labelOf(controller)} to be restarted` });
}
