import { associationCase, defineCheck } from './cases.ts';

export const orphanedAssociation = defineCheck({
  id: 'PID308',
  title: 'The add-on that owns an association is not installed',
  severity: 'warning',
  rights: ['eks:ListPodIdentityAssociations', 'eks:ListAddons'],
  observation: "The association's `ownerArn` names an add-on that the cluster does not have.",
  cause: 'The add-on was removed with `--preserve`, or its removal failed.',
  effect: 'Nobody maintains the association. Tools that manage add-ons refuse to change it.',
  fix: 'Install the add-on again, or delete the association.',
  source: 'EKS User Guide, "Assign IAM roles to Amazon EKS add-ons"',
  *find(facts) {
    const installed = new Set(facts.snapshot.aws?.addons?.map(({ name }) => name));
    for (const association of facts.associations) {
      const { associationId, ownerArn } = association;
      const [, addon] = /:addon\/[^/]+\/([^/]+)/.exec(ownerArn ?? '') ?? [];
      if (addon === undefined || installed.has(addon)) continue;
      const repair = `aws eks delete-pod-identity-association --cluster-name ${facts.name} --association-id ${associationId}`;
      yield associationCase(facts, association, `Add-on ${addon}, which owns it, is not installed.`, repair);
    }
  },
});
