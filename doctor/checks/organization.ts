import { targetTrust } from '../facts/trust.ts';
import { associationCase, ASSOCIATIONS, defineCheck } from './cases.ts';
import { associationTrust, isByOrganization, subjectOfAssociation, usableAssociations } from './repaired-trust.ts';

export const organizationDenies = defineCheck({
  id: 'PID409',
  title: 'A policy of the organization denies the role of an association',
  severity: 'error',
  hops: ['trust', 'target role'],
  rights: [...ASSOCIATIONS, 'iam:GetRole', 'organizations:DescribeOrganization'],
  observation: 'The service and resource control policies above the account deny or do not allow a step to the role.',
  cause:
    'An SCP denies `sts:AssumeRole` or `sts:TagSession`, or an RCP denies AWS services or roles of other organizations.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Let the owner of the organization except the request from the policy. Policies of the account cannot help.',
  source: 'AWS Organizations User Guide, "SCP evaluation" and "RCP evaluation"',
  *find(facts) {
    for (const association of usableAssociations(facts)) {
      const decisions = [associationTrust(facts, association)];
      if (association.targetRoleArn !== undefined)
        decisions.push(targetTrust(facts, association, subjectOfAssociation(facts, association)));
      const denial = decisions.find(isByOrganization);
      if (denial) yield associationCase(facts, association, `${denial.action} is ${denial.reason}.`);
    }
  },
});
