/** The permission to give a role to pods: iam:PassRole. */
import {
  allow,
  changeAssociation,
  controlSucceeds,
  createAssociationFor,
  deny,
  describeAssociation,
  fails,
  isAbsent,
  podIdentityRole,
  succeeds,
  suite,
  trustPodIdentity,
} from '../../harness/index.ts';
import { as, controller, ID, refusal, TOKEN, WORKLOADS } from '../lib/association-controller.ts';
import { EKS_API } from '../lib/sources.ts';
import { POD_IDENTITY } from '../lib/worlds.ts';

const PASS_ROLE_PERMISSION = 'IAM User Guide, "Grant a user permissions to pass a role to an AWS service"';
const PASS_ROLE = `${PASS_ROLE_PERMISSION}; Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"`;
const MAY_NOT_PASS = refusal('iam:PassRole');
const passedTo = (service: string) => ({ StringEquals: { 'iam:PassedToService': service } });
const create = allow('eks:CreatePodIdentityAssociation', '*');
const workloads = { app: {}, controller: WORKLOADS.controller };

suite('security', ({ scenario }) => {
  scenario('SEC-18', 'a principal that may not pass a role cannot set it in an existing association', {
    source: `${PASS_ROLE_PERMISSION}; ${EKS_API} UpdatePodIdentityAssociation, roleArn`,
    roles: {
      app: podIdentityRole(),
      powerful: podIdentityRole(),
      changer: controller(allow('eks:*', '*'), allow('iam:GetRole', '*'), allow('iam:PassRole', '<role:app>')),
      blind: controller(allow(['eks:*', 'iam:PassRole'], '*'), allow('iam:GetRole', '<role:app>')),
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      fails(changeAssociation(ID, { role: 'powerful' }, as('changer')), MAY_NOT_PASS),
      // The same applies together with another change.
      fails(changeAssociation(ID, { role: 'powerful', targetRole: 'app' }, as('changer')), MAY_NOT_PASS),
      fails(changeAssociation(ID, { role: 'powerful', disableSessionTags: true }, as('changer')), MAY_NOT_PASS),
      // EKS reads the role with the caller's permissions.
      fails(changeAssociation(ID, { role: 'powerful' }, as('blind')), refusal('iam:GetRole')),
      succeeds(describeAssociation(ID), { roleArn: '<role:app>', targetRoleArn: isAbsent, disableSessionTags: false }),
      succeeds(changeAssociation(ID, { disableSessionTags: true }, as('changer')), { disableSessionTags: true }),
    ],
  });

  scenario('SEC-19', 'iam:PassRole can be limited by the service that receives the role', {
    source: `${PASS_ROLE_PERMISSION}: iam:PassedToService`,
    roles: {
      app: podIdentityRole(),
      next: podIdentityRole(),
      creator: controller(
        allow(['eks:*', 'iam:PassRole', 'iam:GetRole'], '*'),
        deny('iam:PassRole', '<role:next>', passedTo(POD_IDENTITY)),
        deny('iam:PassRole', '<role:app>', passedTo('ec2.amazonaws.com')),
      ),
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      fails(createAssociationFor('app/next', { role: 'next' }, as('creator')), MAY_NOT_PASS),
      succeeds(createAssociationFor('app/free', { role: 'app' }, as('creator'))),
    ],
  });

  scenario('SEC-09', 'a principal that may not pass a role cannot associate it', {
    source: PASS_ROLE,
    roles: {
      app: podIdentityRole(),
      passer: controller(
        create,
        allow('iam:PassRole', '<role:app>', passedTo(POD_IDENTITY)),
        allow('iam:GetRole', '<role:app>'),
      ),
      creator: controller(create, allow('iam:GetRole', '*')),
    },
    tokens: TOKEN,
    workloads,
    probes: [
      fails(createAssociationFor('app/app', { role: 'app' }, as('creator')), MAY_NOT_PASS),
      controlSucceeds(createAssociationFor('app/app', { role: 'app' }, as('passer'))),
    ],
  });

  scenario('SEC-10', 'a principal that may pass every role can give pods any role that trusts Pod Identity', {
    source: PASS_ROLE,
    finding:
      'iam:PassRole on * with eks:CreatePodIdentityAssociation is enough to run pods as any role that trusts pods.eks.amazonaws.com. List the roles that may be passed, and restrict their trust by namespace and cluster.',
    roles: {
      // The minimum that AWS documents, without a condition on the pods.
      powerful: { trust: [trustPodIdentity()] },
      creator: controller(create, allow(['iam:PassRole', 'iam:GetRole'], '*')),
    },
    tokens: TOKEN,
    workloads,
    probes: [succeeds(createAssociationFor('app/app', { role: 'powerful' }, as('creator')))],
  });
});
