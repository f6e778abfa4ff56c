import type { V1Pod } from '@kubernetes/client-node';
import { poll } from '../../foundation/node/poll.ts';
import { retryUntilAccountReady } from './default-service-account.ts';
import { admissionFacts, admitEverywhere, isInjected } from './admission.ts';
import { kubernetesPollMilliseconds } from './iam.ts';
import { note, accountKey, clusterOf, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';

/**
 * Creates a pod of a workload, named `first` if possible. An API server with an outdated webhook may not inject it
 * as observed before. Then recreates it under another name, until the propagation timeout.
 */
export async function createOnceInjected(
  context: ScenarioContext,
  item: Workload,
  first: string,
  manifestOf: (name: string) => V1Pod,
): Promise<{ readonly name: string; readonly uid: string }> {
  const { kubernetes } = clusterOf(context, item.cluster);
  const { aws } = context.environment;
  const end = performance.now() + (aws.propagation?.boundSeconds ?? 0) * 1000;
  let count = 0;
  const create = async (): Promise<{ readonly name: string; readonly uid: string } | undefined> => {
    const name = count === 0 ? first : `${first}-again${count}`;
    count += 1;
    const pod = manifestOf(name);
    const created = await retryUntilAccountReady(context, () => kubernetes.createPod(item.namespace, pod));
    const injected = isInjected(admissionFacts(created));
    const wanted = context.injected.get(accountKey(item)) ?? injected;
    const made = { name, uid: created.metadata?.uid ?? '' };
    if (wanted === injected || performance.now() >= end) return made;
    const others = await admitEverywhere(context, item, {
      ...pod,
      metadata: { ...pod.metadata, name: `${name}-look` },
    });
    if (others.every((other) => isInjected(admissionFacts(other)) === injected)) return made;
    note(
      context,
      [item],
      `pod ${name} was ${injected ? '' : 'not '}injected for Pod Identity, unlike others, so it was recreated`,
    );
    await kubernetes.deletePod(item.namespace, name, 0);
    return undefined;
  };
  return poll(create, {
    every: kubernetesPollMilliseconds(aws),
    signal: context.signal,
    what: `pod ${first} with the observed injection`,
  });
}
