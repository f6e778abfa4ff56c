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
/** Which of its codes for a bad request EKS uses is not documented for each rule. */
const REFUSED = /^(InvalidParameter|InvalidRequest|ResourceInUse)Exception$/;
const ofTeam = (team: string) =>
  allow('eks:DescribeAddon', '*', { StringEquals: { 'aws:ResourceTag/conformance-team': team } });
const AGENT = 'eks-pod-identity-agent';
const NOT_FOUND = { by: 'eks', code: 'ResourceNotFoundException', status: 404 } as const;
const ABSENT_CLUSTER = { clusterName: '<cluster:c1>-absent' } as const;

suite('eks-api', ({ scenario }) => {
  scenario('CP-30', 'an add-on has associations of its own, as long as it says so', {
    source:
      'Amazon EKS User Guide, "Attach an IAM role to an Amazon EKS add-on using Pod Identity"; Amazon EKS API Reference, CreateAddon, UpdateAddon and DeleteAddon, podIdentityAssociations',
    // On AWS such an add-on takes minutes, and runs drivers on each node.
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
      // The permission to make associations is one of the cluster, and may be for clusters with a tag.
      tagged: ofOwnAccount(
        allow(['eks:UpdateAddon', 'iam:PassRole', 'iam:GetRole'], '*'),
        allow('eks:CreatePodIdentityAssociation', '<cluster-arn:c1>', {
          StringLike: { 'aws:ResourceTag/conformance-run': '?*' },
        }),
      ),
    },
    probes: [
      check('they are made, changed and deleted with it', async (context) => {
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
        /** Its associations, once it has come to rest. */
        const owned = async () => {
          const addon = await eventually(describe, (seen) => seen?.status === 'ACTIVE');
          expect(addon?.status).to.equal('ACTIVE');
          const associations = (await listed()) ?? [];
          const arns = associations.map(({ associationArn }) => associationArn);
          expect(addon?.podIdentityAssociations).to.deep.equal(arns);
          return Promise.all(
            associations.map(async ({ associationId }) => {
              const one = { clusterName: key.clusterName, associationId };
              const { association } = await eks.describePodIdentityAssociation(one);
              expect(association?.ownerArn).to.equal(addon?.addonArn);
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
        // An add-on takes over no association that there is, and has none for an account that is not its own.
        const { association: first } = await eks.createPodIdentityAssociation(taking);
        const isRefused = async (associations: AddonPodIdentityAssociations[], what: string) => {
          expect(await errorOf(create({ podIdentityAssociations: associations })), what).to.match(REFUSED);
          expect(await errorOf(describe()), what).to.equal('ResourceNotFoundException');
        };
        try {
          await isRefused(roleOf('app'), 'an association that there is');
        } finally {
          const known = { clusterName: key.clusterName, associationId: first?.associationId };
          await errorOf(eks.deletePodIdentityAssociation(known));
        }
        await isRefused([{ serviceAccount: 'another', roleArn: name('<role:app>') }], 'an account of nobody');
        const clientRequestToken = `${name('<namespace:app>')}-once`;
        const once = { podIdentityAssociations: roleOf('app'), tags, clientRequestToken };
        await taken(create(once), 'a role that may be passed');
        try {
          await taken(create(once), 'the same request once more');
          const { addons } = await eks.listAddons({ clusterName: key.clusterName });
          expect(addons).to.include(key.addonName);
          for (const [team, outcome] of Object.entries({ red: 'none', blue: 'AccessDeniedException' })) {
            const by = await eksOf(context, team);
            expect(await errorOf(by.describeAddon(key)), team).to.equal(outcome);
          }
          expect(await errorOf(create({})), 'a second time').to.equal('ResourceInUseException');
          const addon = await describe();
          expect(addon?.tags).to.deep.equal(tags);
          const resourceArn = addon?.addonArn;
          const { tags: told } = await taken(eks.listTagsForResource({ resourceArn }), 'its tags');
          expect(told).to.deep.equal(tags);
          const [first] = await owned();
          expect(first?.roleArn).to.equal(name('<role:app>'));
          expect(await errorOf(update({ addonVersion: 'v0.0.0-eksbuild.0' }))).to.equal('InvalidParameterException');
          await taken(update({ configurationValues: '{}' }), 'another configuration');
          expect(await owned(), 'an update that does not name them').to.deep.equal([first]);
          await taken(update({ podIdentityAssociations: roleOf('next') }), 'another role');
          expect(await owned(), 'another role').to.deep.equal([{ id: first?.id, roleArn: name('<role:next>') }]);
          await taken(update({ podIdentityAssociations: [] }), 'none any more');
          expect(await roles(), 'none any more').to.deep.equal([]);

          // Made with the rights of who asks for it.
          const maker = await eksOf(context, 'maker');
          for (const [role, by] of Object.entries({ next: maker, app: await eksOf(context, 'bound') })) {
            const error = await errorOf(update({ podIdentityAssociations: roleOf(role) }, by));
            expect(error, role).to.equal('AccessDeniedException');
          }
          expect(await roles(), 'without the permission').to.deep.equal([]);
          await taken(update({ podIdentityAssociations: roleOf('app') }, maker), 'with the permission');
          expect(await roles()).to.deep.equal([name('<role:app>')]);
          const tagged = await eksOf(context, 'tagged');
          await taken(update({ podIdentityAssociations: roleOf('next') }, tagged), 'by its tag');
          expect(await roles()).to.deep.equal([name('<role:next>')]);
          const keeper = await eksOf(context, 'keeper');
          expect(await errorOf(update({ podIdentityAssociations: [] }, keeper))).to.equal('AccessDeniedException');
          expect(await errorOf(keeper.deleteAddon(key))).to.equal('AccessDeniedException');
          expect(await roles(), 'of an add-on that stays').to.deep.equal([name('<role:next>')]);
        } finally {
          await errorOf(eks.deleteAddon(key));
        }
        const left = await eventually(listed, (seen) => seen?.length === 0);
        expect(left, 'without the add-on').to.deep.equal([]);
        // That of another service account is not the add-on's.
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

  scenario('CP-06', 'an add-on has a version of the documented form', {
    source: `${EKS_API} DescribeAddon and Addon; Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"`,
    probes: [succeeds(describeAddon(AGENT), { version: matching(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/) })],
  });

  scenario('CP-07', 'an add-on that is not installed is not found', {
    source: `${EKS_API} DescribeAddon, ResourceNotFoundException`,
    probes: [
      fails(describeAddon('adot'), NOT_FOUND),
      fails(describeAddon(AGENT, ABSENT_CLUSTER), NOT_FOUND),
      controlSucceeds(listAssociations({ namespace: 'app' })),
    ],
  });
});
