/** What EKS takes and keeps of a request for an association, and what it refuses. */
import {
  CreatePodIdentityAssociationCommand,
  DeletePodIdentityAssociationCommand,
  DescribePodIdentityAssociationCommand,
  EKSClient,
  ListPodIdentityAssociationsCommand,
  UpdatePodIdentityAssociationCommand,
} from '@aws-sdk/client-eks';
import { expect } from 'chai';
import {
  askEksAuth,
  check,
  createAssociationFor,
  fails,
  listAssociations,
  podIdentityRole,
  succeeds,
  suite,
  trustRole,
  trustService,
  type CheckContext,
} from '../harness/index.ts';
import { BAD_REQUEST, errorOf, taken } from './lib/errors.ts';
import { CREATE_ASSOCIATION, UPDATE_ASSOCIATION } from './lib/sources.ts';

const READ = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
});
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: '*' }],
});
/** Of so many characters: white space counts as any. */
const longPolicy = (length: number): string => READ.replace('{', `{${' '.repeat(length - READ.length)}`);

/** Policy, flag and target role of a request, by what is wrong with them. */
const WRONG = (role: string) => ({
  'a target role that is no ARN': { targetRoleArn: 'target-of-conformance' },
  'a target role that is a user': { targetRoleArn: role.replace(':role/', ':user/') },
  'a policy that is no JSON': { disableSessionTags: true, policy: 'no JSON' },
  'a policy without a statement': { disableSessionTags: true, policy: '{}' },
  'a policy with a principal': { disableSessionTags: true, policy: TRUST },
  'a policy of an action that there is not': { disableSessionTags: true, policy: READ.replace('s3:', '') },
  'a policy that is too long': { disableSessionTags: true, policy: longPolicy(2049) },
  'a policy beside session tags': { disableSessionTags: false, policy: READ },
});

async function refused(call: Promise<unknown>, what: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: Error & { readonly $metadata?: { readonly httpStatusCode?: number } }) => thrown,
  );
  // What is no answer of EKS says nothing.
  if (error !== undefined && error.$metadata?.httpStatusCode === undefined) throw error;
  expect(error?.name, what).to.match(BAD_REQUEST);
  expect(error?.$metadata?.httpStatusCode, what).to.equal(400);
}

const eksOf = async ({ aws }: CheckContext): Promise<EKSClient> => new EKSClient(await aws('eks'));

suite('pod-identity', ({ scenario }) => {
  scenario('PI-32', 'a request that breaks a rule makes no association, and changes none', {
    source: `${CREATE_ASSOCIATION}; ${UPDATE_ASSOCIATION}: policy, targetRoleArn, roleArn and errors`,
    roles: {
      app: podIdentityRole(),
      next: podIdentityRole(),
      instance: { trust: [trustService('ec2.amazonaws.com')] },
    },
    workloads: { app: { role: 'app' } },
    probes: [
      check('neither by a new one nor by an update', async (context) => {
        const { name } = context;
        const eks = await eksOf(context);
        const roleArn = name('<role:app>');
        const at = { clusterName: name('<cluster:c1>'), namespace: name('<namespace:app>') };
        const associationId = name('<association-id:app>');
        const key = { clusterName: at.clusterName, associationId };
        for (const [what, wrong] of Object.entries(WRONG(roleArn))) {
          const made = { ...at, serviceAccount: 'unmade', roleArn, ...wrong };
          await refused(eks.send(new CreatePodIdentityAssociationCommand(made)), what);
          await refused(eks.send(new UpdatePodIdentityAssociationCommand({ ...key, ...wrong })), what);
        }
        for (const [what, wrong] of Object.entries({
          ...{
            'no change at all': {},
            'a role that does not trust Pod Identity': { roleArn: name('<role:instance>') },
          },
          'a role that there is not': { roleArn: `${roleArn}-absent` },
        }))
          await refused(eks.send(new UpdatePodIdentityAssociationCommand({ ...key, ...wrong })), what);
        const { associations = [] } = await eks.send(
          new ListPodIdentityAssociationsCommand({ ...at, serviceAccount: 'unmade' }),
        );
        expect(associations).to.deep.equal([]);
        const { association } = await eks.send(new DescribePodIdentityAssociationCommand(key));
        expect(association).to.include({ roleArn, disableSessionTags: false });
        expect(association).not.to.have.any.keys('targetRoleArn', 'policy', 'externalId');
      }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(createAssociationFor('app/unmade', { roleArn: 'role-of-conformance' }), {
        by: 'eks',
        code: ['InvalidParameterException', 'InvalidRequestException'],
        status: 400,
      }),
    ],
  });

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

  scenario(
    'PI-39',
    'a list that is asked for without a size has a hundred associations, and tells how to get the next',
    {
      source: 'Amazon EKS API Reference, ListPodIdentityAssociations, maxResults and nextToken',
      // On AWS so many take minutes.
      needs: ['own-cluster', 'call-record'],
      roles: { app: podIdentityRole() },
      probes: [
        check('none is left out', async (context) => {
          const { name } = context;
          const eks = await eksOf(context);
          const at = { clusterName: name('<cluster:c1>'), namespace: name('<namespace:app>') };
          const ids: (string | undefined)[] = [];
          try {
            await Promise.all(
              Array.from({ length: 101 }, async (_, number) => {
                const request = { ...at, serviceAccount: `app-${number}`, roleArn: name('<role:app>') };
                const { association } = await eks.send(new CreatePodIdentityAssociationCommand(request));
                ids.push(association?.associationId);
              }),
            );
            const page = async (nextToken?: string) => {
              const list = new ListPodIdentityAssociationsCommand({ ...at, ...(nextToken && { nextToken }) });
              const { associations = [], nextToken: next } = await eks.send(list);
              return { seen: associations.map(({ associationId }) => associationId), next };
            };
            const first = await context.eventually(
              () => page(),
              ({ seen }) => seen.length === 100,
            );
            expect(first.seen).to.have.lengthOf(100);
            expect(first.next).to.be.a('string');
            const rest = await page(first.next);
            expect([...first.seen, ...rest.seen]).to.have.members(ids);
          } finally {
            await Promise.all(
              ids.map((associationId) =>
                eks.send(new DeletePodIdentityAssociationCommand({ clusterName: at.clusterName, associationId })),
              ),
            );
          }
        }),
        succeeds(listAssociations({ namespace: 'app' }), { count: 0 }),
      ],
    },
  );
});

const DAY = 24 * 3_600_000;

/** The associations of a service account, once they are so many: EKS is eventually consistent, and a list may lag behind. */
function listed({ eventually }: CheckContext, eks: EKSClient, at: { readonly clusterName: string }, count: number) {
  const list = async () => (await eks.send(new ListPodIdentityAssociationsCommand(at))).associations ?? [];
  return eventually(list, ({ length }) => length === count);
}

/** Region and account. */
const arnParts = (arn = ''): string[] => arn.split(':').slice(3, 5);
