import type { ClusterAlias } from '../scenario/policy.ts';
import { clusterOf, type ScenarioWorld } from '../world/world.ts';

/** A line of API servers' metrics (Kubernetes documentation, "Kubernetes Metrics Reference"). */
const FAIL_OPEN = /^apiserver_admission_webhook_fail_open_count\{([^}]*)\} (\S+)$/gm;

/**
 * That the API server went on where a webhook gave no answer, which its failure policy "Ignore" lets it do in silence: pods are
 * then not what the webhook makes of them. A sentence for reports; undefined where it always got an answer, or does not tell.
 */
export async function unansweredAdmission(world: ScenarioWorld, cluster: ClusterAlias): Promise<string | undefined> {
  const { status, body } = await clusterOf(world, cluster).kubernetes.raw({ path: '/metrics' });
  if (status !== 200) return undefined;
  const counts = [...body.matchAll(FAIL_OPEN)].map(([, labels = '', count]) => ({
    name: /name="([^"]*)"/.exec(labels)?.[1] ?? 'a webhook',
    count: Number(count),
  }));
  const unanswered = counts.filter(({ count }) => count > 0).map(({ name, count }) => `${count} times by ${name}`);
  return unanswered.length === 0
    ? undefined
    : `So far the API server was given no answer ${unanswered.join(', ')}, and went on without (apiserver_admission_webhook_fail_open_count): the webhook may never have seen this pod.`;
}
