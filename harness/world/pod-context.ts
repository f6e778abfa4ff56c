import { clusterOf, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';

/** Gives the requests of a pod the condition keys of its workload. Call it before the pod exists. */
export function setPodContext(context: ScenarioContext, item: Workload, name: string): void {
  const { controls } = context.environment.aws;
  if (item.spec.context === undefined || controls === undefined) return;
  const { cluster } = clusterOf(context, item.cluster);
  const pod = { clusterName: cluster.name, namespace: item.namespace, name };
  const remove = controls.setPodContext(pod, context.names.expandAll(item.spec.context));
  // A later scenario may have a pod of this name.
  context.resources.addChange(`request context of pod ${item.namespace}/${name}`, async () => remove());
}
