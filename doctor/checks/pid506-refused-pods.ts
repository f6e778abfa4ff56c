import { nearName } from '../facts/near-name.ts';
import { defineCheck, objectOf } from './cases.ts';

export const refusedPods = defineCheck({
  id: 'PID506',
  title: 'The pods of a workload are refused',
  severity: 'error',
  rights: ['list replicasets'],
  observation: 'A ReplicaSet has the condition ReplicaFailure, or another workload has an event FailedCreate.',
  cause: 'The service account does not exist, an admission webhook refuses, or a quota is full.',
  effect: 'The workload has too few pods, or none.',
  fix: 'Do what the message demands.',
  source: 'Kubernetes API Reference, ReplicaSetStatus: conditions',
  *find({ snapshot }) {
    const { serviceAccounts = [], refusedPods = [] } = snapshot.kubernetes;
    for (const { metadata, kind, message } of refusedPods) {
      const { namespace, owner } = metadata;
      const [, missing = ''] = /serviceaccount "([^"]+)" not found/.exec(message) ?? [];
      const names = serviceAccounts
        .filter((one) => one.metadata.namespace === namespace)
        .map((one) => one.metadata.name);
      const near = nearName(missing, names);
      const text = `${message.replace(/\.$/, '')}${near ? `; the namespace has service account \`${near}\`` : ''}.`;
      yield { object: objectOf(owner?.kind ?? kind, { ...metadata, name: owner?.name ?? metadata.name }), text };
    }
  },
});
