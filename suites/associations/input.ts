/** Requests for associations that EKS rejects because of their input. */
import { expect } from 'chai';
import {
  allow,
  askEksAuth,
  changeAssociation,
  check,
  controlSucceeds,
  createAssociationFor,
  describeAssociation,
  fails,
  podIdentityRole,
  succeeds,
  suite,
  trustService,
} from '../../harness/index.ts';
import { app, BAD_INPUT, eksOf, ID, longPolicy, READ } from './lib/requests.ts';
import { BAD_REQUEST, refusalBy } from '../lib/errors.ts';
import { CREATE_ASSOCIATION, EKS_API, UPDATE_ASSOCIATION } from '../lib/sources.ts';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: '*' }],
});
/** Invalid settings of a request, by reason. */
const WRONG = (role: string) => ({
  'a target role that is not an ARN': { targetRoleArn: 'target-of-conformance' },
  'a target role that is a user': { targetRoleArn: role.replace(':role/', ':user/') },
  'a policy that is not JSON': { disableSessionTags: true, policy: 'no JSON' },
  'a policy without a statement': { disableSessionTags: true, policy: '{}' },
  'a policy with a principal': { disableSessionTags: true, policy: TRUST },
  'a policy with an unknown action': { disableSessionTags: true, policy: READ.replace('s3:', '') },
  'a policy that is too long': { disableSessionTags: true, policy: longPolicy(2049) },
  'a policy with session tags': { disableSessionTags: false, policy: READ },
});
async function refused(call: Promise<unknown>, what: string): Promise<void> {
  const error = await call.then(() => undefined, refusalBy);
  expect(error?.name, what).to.match(BAD_REQUEST);
  expect(error, what).to.nested.include({ '$metadata.httpStatusCode': 400 });
}
/** EKS has two codes for a bad request, and does not document which rule causes which. */
const INVALID_REQUEST = {
  by: 'eks',
  code: ['InvalidParameterException', 'InvalidRequestException'],
  status: 400,
} as const;
const readA = { role: 'app', policy: [allow('s3:GetObject', 'data/a/*')] } as const;

suite('associations', ({ scenario }) => {
  scenario('PI-32', 'a request that breaks a rule neither creates nor changes an association', {
    source: `${CREATE_ASSOCIATION}; ${UPDATE_ASSOCIATION}: policy, targetRoleArn, roleArn and errors`,
    roles: {
      app: podIdentityRole(),
      next: podIdentityRole(),
      instance: { trust: [trustService('ec2.amazonaws.com')] },
    },
    workloads: { app: { role: 'app' } },
    probes: [
      check('create and update reject invalid settings', async (context) => {
        const { name } = context;
        const eks = await eksOf(context);
        const roleArn = name('<role:app>');
        const at = { clusterName: name('<cluster:c1>'), namespace: name('<namespace:app>') };
        const unmade = { ...at, serviceAccount: 'unmade' };
        const key = { clusterName: at.clusterName, associationId: name('<association-id:app>') };
        const update = (change: object) => eks.updatePodIdentityAssociation({ ...key, ...change });
        for (const [what, wrong] of Object.entries(WRONG(roleArn))) {
          await refused(eks.createPodIdentityAssociation({ ...unmade, roleArn, ...wrong }), what);
          await refused(update(wrong), what);
        }
        await refused(update({}), 'an update without changes');
        await refused(update({ roleArn: name('<role:instance>') }), 'a role that does not trust Pod Identity');
        await refused(update({ roleArn: `${roleArn}-absent` }), 'a role that does not exist');
        const { associations } = await eks.listPodIdentityAssociations(unmade);
        expect(associations).to.deep.equal([]);
        const { association } = await eks.describePodIdentityAssociation(key);
        expect(association).to.include({ roleArn, disableSessionTags: false });
        expect(association).not.to.have.any.keys('targetRoleArn', 'policy', 'externalId');
      }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(createAssociationFor('app/unmade', { roleArn: 'role-of-conformance' }), INVALID_REQUEST),
    ],
  });

  scenario('CP-22', 'an association requires a namespace, a service account and a role', {
    source: `${EKS_API} CreatePodIdentityAssociation: required members`,
    roles: app,
    probes: [
      fails(createAssociationFor('app/app', {}), BAD_INPUT),
      fails(createAssociationFor('app/', { role: 'app' }), BAD_INPUT),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
    ],
  });

  scenario('PI-21', 'an association with a policy requires disabled session tags', {
    source: `${CREATE_ASSOCIATION}, policy: disableSessionTags must be true; UpdatePodIdentityAssociation, policy`,
    roles: app,
    probes: [
      fails(createAssociationFor('app/app', { ...readA, disableSessionTags: false }), INVALID_REQUEST),
      fails(createAssociationFor('app/another', readA), INVALID_REQUEST),
      controlSucceeds(createAssociationFor('app/free', { ...readA, disableSessionTags: true })),
      // As long as the association has a policy.
      fails(changeAssociation(ID, { disableSessionTags: false }), INVALID_REQUEST),
      succeeds(describeAssociation(ID), { disableSessionTags: true }),
    ],
  });
});
