/** What an update of an association changes and keeps, and the external id for a target role. */
import { expect } from 'chai';
import {
  changeAssociation,
  check,
  createAssociationFor,
  describeAssociation,
  matching,
  podIdentityRole,
  succeeds,
  suite,
  trustRole,
} from '../../harness/index.ts';
import { app, asMade, eksOf, ID, longPolicy, READ } from './lib/requests.ts';
import { errorOf, taken } from '../lib/errors.ts';
import { EKS_API, TARGET_ROLES, UPDATE_ASSOCIATION } from '../lib/sources.ts';

const toSecond = { roleArn: '<role:app>', targetRoleArn: '<role:second>' };
const DAY = 24 * 3_600_000;

suite('associations', ({ scenario }) => {
  scenario('PI-33', 'an update changes the given fields, keeps the others, and sets modifiedAt', {
    source: `${UPDATE_ASSOCIATION}; Amazon EKS API Reference, PodIdentityAssociation and PodIdentityAssociationSummary`,
    roles: {
      app: podIdentityRole(),
      next: podIdentityRole(),
      target: { trust: [trustRole('app'), trustRole('next')] },
    },
    workloads: { app: {} },
    probes: [
      check('each update changes only its own fields', async (context) => {
        const { name } = context;
        const eks = await eksOf(context);
        const at = { clusterName: name('<cluster:c1>'), namespace: name('<namespace:app>'), serviceAccount: 'app' };
        const [app, next, targetRoleArn] = [name('<role:app>'), name('<role:next>'), name('<role:target>')];
        const request = { ...at, roleArn: app, clientRequestToken: `${name('<namespace:app>')}-once` };
        const { association: made = {} } = await eks.createPodIdentityAssociation(request);
        const { associationId, associationArn = '', createdAt = new Date(0), modifiedAt } = made;
        const key = { clusterName: at.clusterName, associationId };
        const describe = () => eks.describePodIdentityAssociation(key);
        const list = async () => (await eks.listPodIdentityAssociations(at)).associations ?? [];
        // EKS is eventually consistent, and a list may lag behind.
        const listed = (count: number) => context.eventually(list, ({ length }) => length === count);
        try {
          expect(made).to.deep.include({ ...at, roleArn: app, disableSessionTags: false, tags: {} });
          expect(associationArn).to.match(/^arn:aws:eks:[\w-]+:\d{12}:podidentityassociation\/[^/]+\/a-[a-z0-9]+$/);
          expect(associationArn.split('/').at(-1)).to.equal(associationId);
          expect(Math.abs(createdAt.getTime() - Date.now()), 'age').to.be.below(DAY);
          expect(modifiedAt).to.deep.equal(createdAt);
          // A repeated request with the same token returns the same association.
          const repeated = eks.createPodIdentityAssociation(request);
          const { association: again } = await taken(repeated, 'the repeated request');
          expect(again).to.include({ associationId });
          const cased = { ...request, clientRequestToken: request.clientRequestToken.toUpperCase() };
          const refused = await errorOf(eks.createPodIdentityAssociation(cased));
          expect(refused).to.equal('ResourceInUseException');

          /** Region and account. */
          const owner = associationArn.split(':').slice(3, 5);
          const externalId = [...owner, at.clusterName, at.namespace, 'app'].join('/');
          let known: object = { ...at, roleArn: app, disableSessionTags: false };
          for (const change of [
            { targetRoleArn },
            { disableSessionTags: true },
            { roleArn: next },
            { policy: longPolicy(2048) },
            { roleArn: app },
            { roleArn: next, policy: READ },
            { targetRoleArn },
          ]) {
            const what = JSON.stringify(Object.keys(change));
            const update = eks.updatePodIdentityAssociation({ ...key, ...change });
            const { association: updated } = await taken(update, what);
            known = { ...known, externalId, ...change };
            expect(updated, what).to.include(known);
            expect(updated?.createdAt, what).to.deep.equal(createdAt);
            expect(updated?.modifiedAt?.getTime(), what).to.be.least(createdAt.getTime());
          }
          const { association: last } = await describe();
          expect(last).to.include(known);
          expect(last?.modifiedAt?.getTime(), 'the last update').to.be.above(createdAt.getTime());
          const associations = await listed(1);
          expect(associations).to.have.lengthOf(1);
          expect(associations[0]).to.deep.include({ ...at, ...key, associationArn });
          // A list entry has no role.
          expect(associations[0]).not.to.have.any.keys('roleArn', 'policy', 'externalId');
        } finally {
          await eks.deletePodIdentityAssociation(key);
        }
        expect(await errorOf(describe())).to.equal('ResourceNotFoundException');
        expect(await listed(0)).to.deep.equal([]);
      }),
      succeeds(createAssociationFor('app/app', { role: 'app' })),
    ],
  });

  scenario('CP-11', 'an update changes the role of an association and nothing else', {
    source: `${EKS_API} UpdatePodIdentityAssociation, roleArn`,
    roles: { app: podIdentityRole(), second: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      succeeds(changeAssociation(ID, { role: 'second' }), { ...asMade, roleArn: '<role:second>' }),
      succeeds(describeAssociation(ID), { ...asMade, roleArn: '<role:second>' }),
    ],
  });

  scenario('CP-14', 'session tags can be disabled at creation, and enabled and disabled by updates', {
    source: `${EKS_API} CreatePodIdentityAssociation and UpdatePodIdentityAssociation, disableSessionTags`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app', disableSessionTags: true }), {
        disableSessionTags: true,
      }),
      succeeds(changeAssociation(ID, { disableSessionTags: false }), { disableSessionTags: false }),
      succeeds(describeAssociation(ID), { disableSessionTags: false, roleArn: '<role:app>' }),
      succeeds(changeAssociation(ID, { disableSessionTags: true }), { disableSessionTags: true }),
      succeeds(describeAssociation(ID), { disableSessionTags: true }),
    ],
  });

  scenario('CP-12', 'an association keeps its external id when its target role changes', {
    source: `${EKS_API} CreatePodIdentityAssociation and UpdatePodIdentityAssociation, targetRoleArn; PodIdentityAssociation, externalId`,
    roles: { app: podIdentityRole(), target: podIdentityRole(), second: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app', targetRole: 'target' }), {
        roleArn: '<role:app>',
        targetRoleArn: '<role:target>',
        externalId: matching(/./),
      }),
      succeeds(changeAssociation(ID, { targetRole: 'second' }), toSecond),
      succeeds(describeAssociation(ID), { ...toSecond, externalId: '<external-id:made>' }),
    ],
  });

  scenario('CP-13', 'an external id names region, account, cluster, namespace and service account', {
    source: TARGET_ROLES,
    roles: { app: podIdentityRole(), target: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app', targetRole: 'target' }), {
        externalId: matching(/^[a-z0-9-]+\/<account:main>\/<cluster:c1>\/<namespace:app>\/app$/),
      }),
    ],
  });
});
