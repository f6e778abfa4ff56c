import { isInjected } from '../facts/injection.ts';
import { podCase } from './cases.ts';
import type { Check } from './check.ts';

const ANNOTATION = 'eks.amazonaws.com/skip-containers';

export const skippedContainers: Check = {
  id: 'PID508',
  title: 'An annotation leaves containers without identity',
  severity: 'info',
  rights: ['list pods'],
  observation: `The pod has an identity, and its annotation \`${ANNOTATION}\` names containers.`,
  cause: 'Somebody excluded a sidecar on purpose, or a template was copied.',
  effect: 'These containers get neither variables nor token. They use the node role, if they can reach it.',
  fix: 'Remove the container from the annotation if it needs AWS.',
  source: 'aws/amazon-eks-pod-identity-webhook, README',
  *find(facts) {
    for (const pod of facts.pods.filter(isInjected)) {
      const skipped = (pod.metadata.annotations?.[ANNOTATION] ?? '').split(',').map((name) => name.trim());
      const names = [...pod.initContainers, ...pod.containers].map(({ name }) => name);
      const found = skipped.filter((name) => names.includes(name));
      if (found.length > 0) yield podCase(pod, `${ANNOTATION} leaves ${found.join(', ')} without identity.`);
    }
  },
};
