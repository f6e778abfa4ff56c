/** Add-ons, and the associations that they own. */
import { type AddonPodIdentityAssociations, EKS } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import {
  allow,
  check,
  controlSucceeds,
  deny,
  describeAddon,
  fails,
  listAssociations,
  matching,
  podIdentityRole,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { eksOf, ofOwnAccount } from '../lib/account-session.ts';
import { errorOf, taken } from '../lib/errors.ts';
import { EKS_API } from '../lib/sources.ts';

const ACCOUNT = { namespace: 'kube-system', serviceAccount: 'ebs-csi-controller-sa' };
/** EKS has several codes for a bad request, and does not document which rule causes which. */
const REFUSED = /^(InvalidParameter|InvalidRequest|ResourceInUse)Exception$/;
const ofTeam = (team: string) =>
  allow('eks:DescribeAddon', '*', { StringEquals: { 'aws:ResourceTag/conformance-team': team } });
const AGENT = 'eks-pod-identity-agent';
const NOT_FOUND = { by: 'eks', code: 'ResourceNotFoundException', status: 404 } as const;
const ABSENT_CLUSTER = { clusterName: '<cluster:c1>-absent' } as const;

suite('eks-api', ({ scenario }) => {
  scenario('CP-30', 'an add-on creates, updates and deletes its own associations', {
    source:
      'Amazon EKS User Guide, "Attach an IAM role to an Amazon EKS add-on using Pod Identity"; Amazon EKS API Reference, CreateAddon, UpdateAddon and DeleteAddon, podIdentityAssociations',
    // On AWS this add-on takes minutes and runs drivers on each node.
    needs: ['own-cluster', 'call-record'],
    roles: {
      app: podIdentityRole(),
      next: podIdentityRole(),
      bound: ofOwnAccount(
        allow(['eks:*', 'iam:PassRole', 'iam:GetRole'], '*'),
        deny('eks:CreatePodIdentityAssociation', '*'),
      ),
      maker: ofOwnAccount(allow(['eks:*', 'iam:GetRole'], '*'), allow('iam:PassRole', '<role:app>')),
      keeper: ofOwnAccount(
        allow(['eks:*', 'iam:PassRole', 'iam:GetRole'], '*'),
        deny('eks:DeletePodIdentityAssociation', '*'),
      ),
      red: ofOwnAccount(ofTeam('red')),
      blue: ofOwnAccount(ofTeam('blue')),
      // The permission to create associations applies to a cluster, and can require a tag of the cluster.
      tagged: ofOwnAccount(
        allow(['eks:UpdateAddon', 'iam:PassRole', 'iam:GetRole'], '*'),
        allow('eks:CreatePodIdentityAssociation', '<cluster-arn:c1>', {
          StringLike: { 'aws:ResourceTag/conformance-run': '?*' },
        }),
      ),
    },
    probes: [
      check('associations follow the add-on', async (context) => {
        const { name, eventually, aws } = context;
        const eks = new EKS(await aws('eks'));
        const key = { clusterName: name('<cluster:c1>'), addonName: 'aws-ebs-csi-driver' };
        const roleOf = (role: string): AddonPodIdentityAssociations[] => [
          { serviceAccount: ACCOUNT.serviceAccount, roleArn: name(`<role:${role}>`) },
        ];
        const describe = async () => (await eks.describeAddon(key)).addon;
        const listed = async () => {
          const list = { clusterName: key.clusterName, ...ACCOUNT };
          return (await eks.listPodIdentityAssociations(list)).associations;
        };
        /** Waits until the add-on is active, and returns its associations. */
        const owned = async () => {
          const addon = await eventually(describe, (seen) => seen?.status === 'ACTIVE');
          expect(addon?.status, 'status of the add-on').to.equal('ACTIVE');
          const associations = (await listed()) ?? [];
          const arns = associations.map(({ associationArn }) => associationArn);
          expect(addon?.podIdentityAssociations, 'associations of the add-on').to.deep.equal(arns);
          return Promise.all(
            associations.map(async ({ associationId }) => {
              const one = { clusterName: key.clusterName, associationId };
              const { association } = await eks.describePodIdentityAssociation(one);
              expect(association?.ownerArn, `owner of ${associationId}`).to.equal(addon?.addonArn);
              return { id: associationId, roleArn: association?.roleArn };
            }),
          );
        };
        const roles = async () => (await owned()).map(({ roleArn }) => roleArn);
        const update = (more: object, by = eks) => by.updateAddon({ ...key, ...more });

        const create = (more: object) => eks.createAddon({ ...key, ...more });
        const tags = { 'conformance-team': 'red' };
        const taking = { ...ACCOUNT, clusterName: key.clusterName, roleArn: name('<role:app>') };
        const another = { ...taking, serviceAccount: `beside-${Date.now()}` };
        const associationId = (await eks.createPodIdentityAssociation(another)).association?.associationId;
        const other = { clusterName: key.clusterName, associationId };
        // An add-on does not take over an existing association, and has none for a foreign service account.
        const { association: first } = await eks.createPodIdentityAssociation(taking);
        const isRefused = async (associations: AddonPodIdentityAssociations[], what: string) => {
          expect(await errorOf(create({ podIdentityAssociations: associations })), what).to.match(REFUSED);
          expect(await errorOf(describe()), what).to.equal('ResourceNotFoundException');
        };
        try {
          await isRefused(roleOf('app'), 'an existing association');
        } finally {
          const known = { clusterName: key.clusterName, associationId: first?.associationId };
          await errorOf(eks.deletePodIdentityAssociation(known));
        }
        await isRefused([{ serviceAccount: 'another', roleArn: name('<role:app>') }], 'an unknown service account');
        const clientRequestToken = `${name('<namespace:app>')}-once`;
        const once = { podIdentityAssociations: roleOf('app'), tags, clientRequestToken };
        await taken(create(once), 'a role that may be passed');
        try {
          await taken(create(once), 'the repeated request');
          const { addons } = await eks.listAddons({ clusterName: key.clusterName });
          expect(addons).to.include(key.addonName);
          for (const [team, outcome] of Object.entries({ red: 'none', blue: 'AccessDeniedException' })) {
            const by = await eksOf(context, team);
            expect(await errorOf(by.describeAddon(key)), team).to.equal(outcome);
          }
          expect(await errorOf(create({})), 'a second creation').to.equal('ResourceInUseException');
          const addon = await describe();
          expect(addon?.tags).to.deep.equal(tags);
          const resourceArn = addon?.addonArn;
          const { tags: listedTags } = await taken(eks.listTagsForResource({ resourceArn }), 'the tags of the add-on');
          expect(listedTags).to.deep.equal(tags);
          const [first] = await owned();
          expect(first?.roleArn).to.equal(name('<role:app>'));
          expect(await errorOf(update({ addonVersion: 'v0.0.0-eksbuild.0' }))).to.equal('InvalidParameterException');
          await taken(update({ configurationValues: '{}' }), 'another configuration');
          expect(await owned(), 'an update that omits the associations').to.deep.equal([first]);
          await taken(update({ podIdentityAssociations: roleOf('next') }), 'another role');
          expect(await owned(), 'another role').to.deep.equal([{ id: first?.id, roleArn: name('<role:next>') }]);
          await taken(update({ podIdentityAssociations: [] }), 'an empty list');
          expect(await roles(), 'an empty list').to.deep.equal([]);

          // The add-on creates associations with the rights of the caller.
          const maker = await eksOf(context, 'maker');
          for (const [role, by] of Object.entries({ next: maker, app: await eksOf(context, 'bound') })) {
            const error = await errorOf(update({ podIdentityAssociations: roleOf(role) }, by));
            expect(error, role).to.equal('AccessDeniedException');
          }
          expect(await roles(), 'without the permission').to.deep.equal([]);
          await taken(update({ podIdentityAssociations: roleOf('app') }, maker), 'with the permission');
          expect(await roles()).to.deep.equal([name('<role:app>')]);
          const tagged = await eksOf(context, 'tagged');
          await taken(update({ podIdentityAssociations: roleOf('next') }, tagged), 'with the permission by tag');
          expect(await roles()).to.deep.equal([name('<role:next>')]);
          const keeper = await eksOf(context, 'keeper');
          expect(await errorOf(update({ podIdentityAssociations: [] }, keeper))).to.equal('AccessDeniedException');
          expect(await errorOf(keeper.deleteAddon(key))).to.equal('AccessDeniedException');
          expect(await roles(), 'after a denied deletion').to.deep.equal([name('<role:next>')]);
        } finally {
          await errorOf(eks.deleteAddon(key));
        }
        const left = await eventually(listed, (seen) => seen?.length === 0);
        expect(left, 'after deletion of the add-on').to.deep.equal([]);
        // The association of another service account does not belong to the add-on.
        expect(await errorOf(eks.deletePodIdentityAssociation(other))).to.equal('none');
      }),
    ],
  });

  scenario('CP-05', "the agent's add-on is active, and has an ARN", {
    source: `${EKS_API} DescribeAddon and Addon`,
    probes: [
      succeeds(describeAddon(AGENT), {
        name: AGENT,
        arn: matching(/^arn:aws:eks:[a-z0-9-]+:<account:main>:addon\/<cluster:c1>\/eks-pod-identity-agent\/[^/]+$/),
        status: 'ACTIVE',
        issues: 0,
      }),
    ],
  });

  scenario('CP-06', 'the version of an add-on has the documented format', {
    source: `${EKS_API} DescribeAddon and Addon; Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"`,
    probes: [succeeds(describeAddon(AGENT), { version: matching(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/) })],
  });

  scenario('CP-07', 'EKS returns ResourceNotFoundException for an add-on that is not installed', {
    source: `${EKS_API} DescribeAddon, ResourceNotFoundException`,
    probes: [
      fails(describeAddon('adot'), NOT_FOUND),
      fails(describeAddon(AGENT, ABSENT_CLUSTER), NOT_FOUND),
      controlSucceeds(listAssociations({ namespace: 'app' })),
    ],
  });
});
