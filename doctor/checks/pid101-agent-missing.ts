import { counted } from '../../foundation/node/text.ts';
import { isAgentMissing } from '../facts/agent.ts';
import { hasPodIdentity } from '../facts/injection.ts';
import { defineCheck, podNames } from './cases.ts';

export const agentMissing = defineCheck({
  id: 'PID101',
  title: 'The Pod Identity Agent is not installed',
  severity: 'error',
  rights: ['list daemonsets', 'list nodes', 'list pods', 'eks:ListPodIdentityAssociations'],
  observation: 'The cluster has associations and EC2 nodes outside EKS Auto Mode, but no DaemonSet of the agent.',
  cause: 'The add-on `eks-pod-identity-agent` was never installed, or it was removed.',
  effect: 'Pods with an association get the variables of Pod Identity, but nothing answers at 169.254.170.23.',
  fix: 'Install the add-on `eks-pod-identity-agent`.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"',
  *find(facts) {
    if (!isAgentMissing(facts)) return;
    const text = `No DaemonSet eks-pod-identity-agent exists for ${counted(facts.associations.length, 'association')}.`;
    const repair = `aws eks create-addon --cluster-name ${facts.name} --addon-name eks-pod-identity-agent`;
    const pods = podNames(facts.pods.filter(hasPodIdentity));
    yield { object: { kind: 'Cluster', name: facts.name }, text, repair, pods };
  },
});
