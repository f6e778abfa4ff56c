import { ASSOCIATIONS, defineCheck } from './cases.ts';
import { trustCases } from './trust-cases.ts';

export const otherCluster = defineCheck({
  id: 'PID403',
  title: 'The trust policy names another cluster or account',
  severity: 'error',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: 'Only conditions on `aws:SourceArn`, `aws:SourceAccount`, `eks-cluster-arn` or `eks-cluster-name` deny.',
  cause: 'The workload moved to a new cluster, or `aws:SourceArn` names the association instead of the cluster.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Add this cluster to the condition.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management"; awslabs/mountpoint-s3-csi-driver#781',
  find: (facts) => trustCases(facts, 'cluster'),
});
