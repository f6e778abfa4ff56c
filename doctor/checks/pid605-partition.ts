import { hasClusterPartition, parseRoleArn, roleAnnotation } from '../facts/irsa.ts';
import { accountCase, annotateRole, defineCheck } from './cases.ts';
import { warningIfUnused } from './unused.ts';

export const wrongPartition = defineCheck({
  id: 'PID605',
  title: 'A role annotation has the ARN of another partition',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', 'eks:DescribeCluster'],
  observation: "The partition in `eks.amazonaws.com/role-arn` is compared with the partition of the cluster's ARN.",
  cause: 'A template has `arn:aws:` written out, but the cluster is in China or AWS GovCloud, or the other way round.',
  effect: 'AWS STS of this partition does not know the role.',
  fix: 'Write the ARN with the partition of the cluster, then restart the pods.',
  source: 'IAM User Guide, "IAM identifiers"; terraform-aws-modules/terraform-aws-iam#161',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const arn = roleAnnotation(account) ?? '';
      const parsed = parseRoleArn(arn);
      if (!parsed || hasClusterPartition(facts, arn) || facts.association(namespace, name)) continue;
      const text = `Its role ${arn} is in partition ${parsed.partition}, the cluster in ${facts.partition}.`;
      const repair = annotateRole(account, arn.replace(/^arn:[^:]+/, `arn:${facts.partition}`));
      yield warningIfUnused(accountCase(facts, account, text, repair));
    }
  },
});
