/** What an update of an association changes, and what it keeps. */
import type { EKSClient } from '@aws-sdk/client-eks';
import {
  CreatePodIdentityAssociationCommand,
  DeletePodIdentityAssociationCommand,
  DescribePodIdentityAssociationCommand,
  ListPodIdentityAssociationsCommand,
  UpdatePodIdentityAssociationCommand,
} from '@aws-sdk/client-eks';
import { expect } from 'chai';
import {
  changeAssociation,
  check,
  createAssociationFor,
  describeAssociation,
  podIdentityRole,
  succeeds,
  suite,
  trustRole,
  type CheckContext,
} from '../../harness/index.ts';
import { asMade, eksOf, longPolicy, READ } from './lib/requests.ts';
import { errorOf, taken } from '../lib/errors.ts';
import { EKS_API, UPDATE_ASSOCIATION } from '../lib/sources.ts';

const app = { app: podIdentityRole() };

suite('associations', ({ scenario }) => {
  scenario('PI-33', 'an update changes what it names, keeps all else, and says when it was', {
    source: `${UPDATE_ASSOCIATION}; Amazon EKS API Reference, PodIdentityAssociation and PodIdentityAssociationSummary`,
    roles: {
      app: podIdentityRole(),
      next: podIdentityRole(),
      target: { trust: [trustRole('app'), trustRole('next')] },
    },
    workloads: { app: {} },
    probes: [
      check('member by member', async (context) => {
        const { name } = context;
        const eks = await eksOf(context);
        const at = { clusterName: name('<cluster:c1>'), namespace: name('<namespace:app>'), serviceAccount: 'app' };
        const [app, next, target] = [name('<role:app>'), name('<role:next>'), name('<role:target>')];
        const request = { ...at, roleArn: app, clientRequestToken: `${name('<namespace:app>')}-once` };
        const { association: made } = await eks.send(new CreatePodIdentityAssociationCommand(request));
        const key = { clusterName: at.clusterName, associationId: made?.associationId };
        try {
          expect(made).to.deep.include({ ...at, roleArn: app, disableSessionTags: false, tags: {} });
          expect(made?.associationArn).to.match(
            /^arn:aws:eks:[\w-]+:\d{12}:podidentityassociation\/[^/]+\/a-[a-z0-9]+$/,
          );
          expect(made?.associationId).to.equal(made?.associationArn?.split('/').at(-1));
          expect(Math.abs((made?.createdAt?.getTime() ?? 0) - Date.now())).to.be.below(DAY);
          expect(made?.modifiedAt).to.deep.equal(made?.createdAt);
          // The same request once more is that request.
          const repeated = eks.send(new CreatePodIdentityAssociationCommand(request));
          const { association: again } = await taken(repeated, 'the same request once more');
          expect(again?.associationId).to.equal(made?.associationId);
          const cased = { ...request, clientRequestToken: request.clientRequestToken.toUpperCase() };
          expect(await errorOf(eks.send(new CreatePodIdentityAssociationCommand(cased)))).to.equal(
            'ResourceInUseException',
          );

          let known: object = { ...at, roleArn: app, disableSessionTags: false };
          const externalId = [...arnParts(made?.associationArn), at.clusterName, at.namespace, 'app'].join('/');
          const asMade = (one: typeof made, what: string): void => {
            expect(one, what).to.include(known);
            expect(one?.createdAt).to.deep.equal(made?.createdAt);
            expect(one?.modifiedAt?.getTime()).to.be.least(made?.createdAt?.getTime() ?? Infinity);
          };
          for (const [change, besides] of [
            [{ targetRoleArn: target }, { externalId }],
            [{ disableSessionTags: true }, {}],
            [{ roleArn: next }, {}],
            [{ policy: longPolicy(2048) }, {}],
            [{ roleArn: app }, {}],
            [{ roleArn: next, policy: READ }, {}],
            [{ targetRoleArn: target }, {}],
          ] as const) {
            const what = JSON.stringify(Object.keys(change));
            const update = new UpdatePodIdentityAssociationCommand({ ...key, ...change });
            const { association: told } = await taken(eks.send(update), what);
            known = { ...known, ...change, ...besides };
            asMade(told, what);
          }
          const { association: last } = await eks.send(new DescribePodIdentityAssociationCommand(key));
          asMade(last, 'in the end');
          expect(last?.modifiedAt?.getTime()).to.be.above(made?.modifiedAt?.getTime() ?? Infinity);
          const associations = await listed(context, eks, at, 1);
          expect(associations).to.have.lengthOf(1);
          expect(associations[0]).to.deep.include({ ...at, ...key, associationArn: made?.associationArn });
          // A list tells of no role.
          expect(associations[0]).not.to.have.any.keys('roleArn', 'policy', 'externalId');
        } finally {
          await eks.send(new DeletePodIdentityAssociationCommand(key));
        }
        const error = await eks.send(new DescribePodIdentityAssociationCommand(key)).then(
          () => undefined,
          (thrown: Error) => thrown,
        );
        expect(error?.name).to.equal('ResourceNotFoundException');
        expect(await listed(context, eks, at, 0)).to.deep.equal([]);
      }),
      succeeds(createAssociationFor('app/app', { role: 'app' })),
    ],
  });

  scenario('CP-11', 'an update gives an association another role, and changes nothing else', {
    source: `${EKS_API} UpdatePodIdentityAssociation, roleArn`,
    roles: { app: podIdentityRole(), second: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      succeeds(changeAssociation('<association-id:made>', { role: 'second' }), { ...asMade, roleArn: '<role:second>' }),
      succeeds(describeAssociation('<association-id:made>'), { ...asMade, roleArn: '<role:second>' }),
    ],
  });

  scenario('CP-14', 'session tags are turned off when an association is made, and on and off by updates', {
    source: `${EKS_API} CreatePodIdentityAssociation and UpdatePodIdentityAssociation, disableSessionTags`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app', disableSessionTags: true }), {
        disableSessionTags: true,
      }),
      succeeds(changeAssociation('<association-id:made>', { disableSessionTags: false }), {
        disableSessionTags: false,
      }),
      succeeds(describeAssociation('<association-id:made>'), { disableSessionTags: false, roleArn: '<role:app>' }),
      succeeds(changeAssociation('<association-id:made>', { disableSessionTags: true }), { disableSessionTags: true }),
      succeeds(describeAssociation('<association-id:made>'), { disableSessionTags: true }),
    ],
  });
});

const DAY = 24 * 3_600_000;

/** The associations of a service account, once they are so many: EKS is eventually consistent, and a list may lag behind. */
function listed({ eventually }: CheckContext, eks: EKSClient, at: { readonly clusterName: string }, count: number) {
  const list = async () => (await eks.send(new ListPodIdentityAssociationsCommand(at))).associations ?? [];
  return eventually(list, ({ length }) => length === count);
}

/** Region and account. */
const arnParts = (arn = ''): string[] => arn.split(':').slice(3, 5);
