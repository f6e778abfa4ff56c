import { nearName } from '../facts/near-name.ts';
import { objectOf } from './cases.ts';
import type { Check } from './check.ts';

export const refusedPods: Check = {
  id: 'PID506',
  title: 'The pods of a workload are refused',
  severity: 'error',
  rights: ['list replicasets'],
  observation: 'A ReplicaSet has the condition ReplicaFailure, or another workload has an event FailedCreate.',
  cause: 'The service account does not exist, an admission webhook refuses, or a quota is full.',
  effect: 'The workload has too few pods, or none.',
  fix: 'Do what the message demands.',
  source: 'Kubernetes API Reference, ReplicaSetStatus: conditions',
  *find(facts) {
    const accounts = facts.snapshot.kubernetes.serviceAccounts ?? [];
    for (const { metadata, kind, message } of facts.snapshot.kubernetes.refusedPods ?? []) {
      const [, missing] = /serviceaccount "([^"]+)" not found/.exec(message) ?? [];
      const names = accounts
        .filter((one) => one.metadata.namespace === metadata.namespace)
        .map((one) => one.metadata.name);
      const near = missing === undefined ? undefined : nearName(missing, names);
      const { owner, namespace } = metadata;
      yield {
        object: owner ? objectOf(owner.kind, { ...metadata, name: owner.name }) : objectOf(kind, metadata),
        text: `${message.replace(/\.?$/, '')}${near === undefined ? '' : `; the namespace has service account \`${near}\``}.`,
        ...(missing !== undefined &&
          near === undefined && { repair: `kubectl create serviceaccount ${missing} -n ${namespace}` }),
      };
    }
  },
};
