import type { V1Pod } from '@kubernetes/client-node';
import { AGENT_SELECTOR } from '../../clusters/common/agent-addon.ts';
import type { ProvisionedCluster } from '../scenario/scenario-context.ts';
import { collectLogs, messageOf } from './logs.ts';
import { attempt, type Findings, type Scene } from './scene.ts';

const NAMESPACE = 'kube-system';
/** Labels of the components' pods, by chart and manifest. */
const COMPONENTS: readonly { readonly name: string; readonly selectors: readonly string[] }[] = [
  { name: 'agent', selectors: [AGENT_SELECTOR] },
  { name: 'webhook', selectors: ['app=pod-identity-webhook', 'app.kubernetes.io/name=pod-identity-webhook'] },
];
const MOST_LINES = 5;

export async function collectComponentLogs(scene: Scene, findings: Findings): Promise<void> {
  await Promise.all(
    scene.clusters.flatMap((provisioned) =>
      COMPONENTS.map(({ name, selectors }) =>
        attempt(`Log of the ${name} (${provisioned.alias})`, findings, () =>
          collectComponent(scene, findings, provisioned, name, selectors),
        ),
      ),
    ),
  );
}

async function collectComponent(
  scene: Scene,
  findings: Findings,
  provisioned: ProvisionedCluster,
  name: string,
  selectors: readonly string[],
): Promise<void> {
  const lists = await Promise.all(
    selectors.map((selector) => provisioned.kubernetes.listPods(NAMESPACE, selector, scene.signal)),
  );
  const pods = new Map<string, V1Pod>(lists.flat().map((pod) => [pod.metadata?.name ?? '', pod]));
  if (pods.size === 0) findings.notes.push(`Log of the ${name} (${provisioned.alias}): this cluster has no pod of it.`);
  await Promise.all(
    [...pods.values()].map(async (pod) => {
      const { alias: cluster, kubernetes } = provisioned;
      const logs = await collectLogs({ scene, findings, kubernetes, cluster, pod, what: `log of the ${name}` });
      const lines = logs.flatMap(({ text }) => complaints(text));
      if (lines.length > 0)
        findings.excerpts.push({
          source: `Log of the ${name} ${pod.metadata?.name} (${cluster}), which also serves other scenarios`,
          lines,
        });
    }),
  );
}

/** Returns the last warnings and errors, in the formats of logrus (JSON, text), zap and klog. */
export function complaints(text: string): string[] {
  return text
    .split('\n')
    .map(messageOf)
    .filter((line) => /"?level"?\s*[:=]\s*"?(?:warn|error|fatal|panic|dpanic)|^[WEF]\d{4} \d\d:/i.test(line))
    .slice(-MOST_LINES);
}
