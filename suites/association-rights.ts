/** Which permissions the operations on associations ask for, and which roles may be handed to them. */
import { IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import {
  allow,
  askEksAuth,
  asSession,
  changeAssociation,
  check,
  granted,
  controlSucceeds,
  createAssociationFor,
  deleteRole,
  deny,
  describeAssociation,
  describeCluster,
  fails,
  fetchCredentials,
  getObject,
  irsaRole,
  isAbsent,
  listAssociations,
  listTags,
  podIdentityRole,
  recreateRole,
  removeAssociation,
  startPod,
  stopAgent,
  refused,
  succeeds,
  suite,
  tagResource,
  trustWebIdentity,
  untagResource,
  whoAmI,
  type PermissionStatement,
} from '../harness/index.ts';
import { refusalBy } from './lib/errors.ts';

const ACTIONS = 'Service Authorization Reference, Amazon EKS, actions and resource types';
const PASS_ROLE = 'IAM User Guide, "Grant a user permissions to pass a role to an AWS service"';
const API = 'Amazon EKS API Reference,';

const TOKEN = { controller: { serviceAccount: 'app/controller', audience: 'sts.amazonaws.com' } } as const;
const WORKLOADS = { app: { role: 'app' }, controller: { serviceAccount: 'controller' } } as const;
const controller = (...permissions: readonly PermissionStatement[]) => irsaRole('app/controller', ...permissions);
const as = (role: string) => ({ as: { role, token: 'controller' } });
const refusal = (action: string) =>
  ({ by: 'eks', code: 'AccessDeniedException', status: 403, message: action }) as const;

const ASSOCIATIONS = 'arn:aws:eks:*:<account:main>:podidentityassociation/<cluster:c1>/*';
const ID = '<association-id:app>';
const UNKNOWN = 'a-00000000000000000';

suite('control-plane', ({ scenario }) => {
  scenario('CP-25', 'each operation on associations asks for its own permission', {
    source: ACTIONS,
    roles: {
      app: podIdentityRole(),
      reader: controller(
        allow('eks:DescribePodIdentityAssociation', ASSOCIATIONS),
        allow('eks:DescribeCluster', '<cluster-arn:c1>'),
      ),
      lister: controller(allow('eks:ListPodIdentityAssociations', '<cluster-arn:c1>')),
      changer: controller(
        allow('eks:UpdatePodIdentityAssociation', ASSOCIATIONS),
        allow(['iam:PassRole', 'iam:GetRole'], '<role:app>'),
      ),
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      succeeds(describeAssociation(ID, as('reader')), { roleArn: '<role:app>' }),
      fails(changeAssociation(ID, { role: 'app' }, as('reader')), refusal('eks:UpdatePodIdentityAssociation')),
      fails(removeAssociation(ID, as('reader')), refusal('eks:DeletePodIdentityAssociation')),
      fails(listAssociations({ namespace: 'app', ...as('reader') }), refusal('eks:ListPodIdentityAssociations')),
      succeeds(listAssociations({ namespace: 'app', ...as('lister') }), { count: 1 }),
      fails(describeAssociation(ID, as('lister')), refusal('eks:DescribePodIdentityAssociation')),
      succeeds(describeCluster(as('reader')), { name: '<cluster:c1>' }),
      fails(describeCluster(as('lister')), refusal('eks:DescribeCluster')),
      succeeds(changeAssociation(ID, { role: 'app' }, as('changer')), { roleArn: '<role:app>' }),
      fails(removeAssociation(ID, as('changer')), refusal('eks:DeletePodIdentityAssociation')),
      succeeds(describeAssociation(ID)),
      // Who may not is not told what there is.
      fails(describeAssociation(UNKNOWN, as('reader')), { by: 'eks', code: 'ResourceNotFoundException', status: 404 }),
      fails(describeAssociation(UNKNOWN, as('lister')), refusal('eks:DescribePodIdentityAssociation')),
      fails(describeCluster({ clusterName: '<cluster:c1>-absent', ...as('reader') }), refusal('eks:DescribeCluster')),
    ],
  });

  scenario(
    'CP-26',
    'permissions on associations may be for those of one cluster, and a Deny on a cluster lets nobody make any there',
    {
      source: ACTIONS,
      roles: {
        app: podIdentityRole(),
        spared: controller(
          allow('eks:*', '*'),
          deny('eks:DescribePodIdentityAssociation', ASSOCIATIONS.replace('>/*', '>-another/*')),
        ),
        kept: controller(allow('eks:*', '*'), deny('eks:DescribePodIdentityAssociation', ASSOCIATIONS)),
        maker: controller(
          allow(['eks:*', 'iam:PassRole', 'iam:GetRole'], '*'),
          deny('eks:CreatePodIdentityAssociation', '<cluster-arn:c1>'),
        ),
      },
      workloads: WORKLOADS,
      tokens: TOKEN,
      probes: [
        succeeds(describeAssociation(ID, as('spared'))),
        fails(describeAssociation(ID, as('kept')), refusal('eks:DescribePodIdentityAssociation')),
        fails(
          createAssociationFor('app/free', { role: 'app' }, as('maker')),
          refusal('eks:CreatePodIdentityAssociation'),
        ),
        controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
      ],
    },
  );

  scenario('CP-27', 'permissions on associations may be for those with a tag, and tags need their own', {
    source: `${ACTIONS}: aws:ResourceTag/$\{TagKey}, aws:RequestTag/$\{TagKey}, aws:TagKeys; Amazon EKS User Guide, "Organize Amazon EKS resources with tags"`,
    roles: {
      app: podIdentityRole(),
      red: controller(
        allow(
          ['eks:DescribePodIdentityAssociation', 'eks:TagResource', 'eks:UntagResource', 'eks:ListTagsForResource'],
          ASSOCIATIONS,
          { StringEquals: { 'aws:ResourceTag/conformance-team': 'red' } },
        ),
      ),
      maker: controller(
        allow(['eks:CreatePodIdentityAssociation', 'iam:PassRole', 'iam:GetRole'], '*'),
        allow('eks:TagResource', ASSOCIATIONS, { StringEquals: { 'aws:RequestTag/conformance-team': 'red' } }),
      ),
      keys: controller(
        allow(['eks:TagResource', 'eks:UntagResource'], ASSOCIATIONS, {
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['more', 'stage'] },
        }),
      ),
      choosy: controller(
        allow('eks:CreatePodIdentityAssociation', '*', { StringEquals: { 'aws:RequestTag/conformance-team': 'red' } }),
        allow(['eks:TagResource', 'iam:PassRole', 'iam:GetRole'], '*'),
      ),
    },
    workloads: { app: {}, controller: { serviceAccount: 'controller' } },
    tokens: TOKEN,
    probes: [
      ...['red', 'blue'].map((name) =>
        succeeds(createAssociationFor(`app/${name}`, { role: 'app' }, { name, tags: { 'conformance-team': name } })),
      ),
      succeeds(describeAssociation('<association-id:red>', as('red')), { 'tags.conformance-team': 'red' }),
      fails(describeAssociation('<association-id:blue>', as('red')), refusal('eks:DescribePodIdentityAssociation')),
      succeeds(tagResource('<association-arn:red>', { more: 'yes' }, as('red'))),
      fails(tagResource('<association-arn:blue>', { more: 'yes' }, as('red')), refusal('eks:TagResource')),
      succeeds(listTags('<association-arn:red>', as('red')), { 'tags.more': 'yes' }),
      fails(listTags('<association-arn:blue>', as('red')), refusal('eks:ListTagsForResource')),
      succeeds(tagResource('<association-arn:red>', { 'conformance-team': 'red' }, as('maker'))),
      fails(
        tagResource('<association-arn:red>', { 'conformance-team': 'blue' }, as('maker')),
        refusal('eks:TagResource'),
      ),
      // By their keys, each of a call.
      succeeds(tagResource('<association-arn:red>', { more: 'yes', stage: 'test' }, as('keys'))),
      fails(
        tagResource('<association-arn:red>', { more: 'yes', other: 'yes' }, as('keys')),
        refusal('eks:TagResource'),
      ),
      succeeds(untagResource('<association-arn:red>', ['more', 'stage'], as('keys'))),
      fails(
        untagResource('<association-arn:red>', ['more', 'conformance-team'], as('keys')),
        refusal('eks:UntagResource'),
      ),
      succeeds(describeAssociation('<association-id:red>', as('red')), { 'tags.more': isAbsent }),
      fails(
        createAssociationFor('app/tagged', { role: 'app' }, { ...as('maker'), tags: { 'conformance-team': 'blue' } }),
        refusal('eks:TagResource'),
      ),
      succeeds(
        createAssociationFor('app/tagged', { role: 'app' }, { ...as('maker'), tags: { 'conformance-team': 'red' } }),
        { 'tags.conformance-team': 'red' },
      ),
      succeeds(createAssociationFor('app/untagged', { role: 'app' }, as('maker'))),
      fails(
        createAssociationFor('app/chosen', { role: 'app' }, { ...as('choosy'), tags: { 'conformance-team': 'blue' } }),
        refusal('eks:CreatePodIdentityAssociation'),
      ),
      succeeds(
        createAssociationFor('app/chosen', { role: 'app' }, { ...as('choosy'), tags: { 'conformance-team': 'red' } }),
      ),
    ],
  });
});

suite('security', ({ scenario }) => {
  scenario('SEC-18', 'who may not pass a role cannot give it to an association that there is', {
    source: `${PASS_ROLE}; ${API} UpdatePodIdentityAssociation, roleArn`,
    roles: {
      app: podIdentityRole(),
      powerful: podIdentityRole(),
      changer: controller(allow('eks:*', '*'), allow('iam:GetRole', '*'), allow('iam:PassRole', '<role:app>')),
      blind: controller(allow(['eks:*', 'iam:PassRole'], '*'), allow('iam:GetRole', '<role:app>')),
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      fails(changeAssociation(ID, { role: 'powerful' }, as('changer')), refusal('iam:PassRole')),
      // Nor beside another change.
      fails(changeAssociation(ID, { role: 'powerful', targetRole: 'app' }, as('changer')), refusal('iam:PassRole')),
      fails(
        changeAssociation(ID, { role: 'powerful', disableSessionTags: true }, as('changer')),
        refusal('iam:PassRole'),
      ),
      // EKS looks at the role with the caller's rights.
      fails(changeAssociation(ID, { role: 'powerful' }, as('blind')), refusal('iam:GetRole')),
      succeeds(describeAssociation(ID), { roleArn: '<role:app>', targetRoleArn: isAbsent, disableSessionTags: false }),
      succeeds(changeAssociation(ID, { disableSessionTags: true }, as('changer')), { disableSessionTags: true }),
    ],
  });

  scenario('SEC-19', 'iam:PassRole is asked for the service that the role goes to', {
    source: `${PASS_ROLE}: iam:PassedToService`,
    roles: {
      app: podIdentityRole(),
      next: podIdentityRole(),
      creator: controller(
        allow(['eks:*', 'iam:PassRole', 'iam:GetRole'], '*'),
        deny('iam:PassRole', '<role:next>', { StringEquals: { 'iam:PassedToService': 'pods.eks.amazonaws.com' } }),
        deny('iam:PassRole', '<role:app>', { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } }),
      ),
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      fails(createAssociationFor('app/next', { role: 'next' }, as('creator')), refusal('iam:PassRole')),
      succeeds(createAssociationFor('app/free', { role: 'app' }, as('creator'))),
    ],
  });
});

suite('pod-identity', ({ scenario }) => {
  scenario('PI-13', 'a role that was made a moment ago can be associated, though it was not there before', {
    source: `${API} CreatePodIdentityAssociation; IAM User Guide, "Troubleshooting IAM": changes are not always immediately visible`,
    roles: { app: podIdentityRole() },
    workloads: { app: {} },
    probes: [
      deleteRole('app'),
      fails(createAssociationFor('app/app', { role: 'app' }), {
        by: 'eks',
        code: 'InvalidParameterException',
        status: 400,
      }),
      recreateRole('app'),
      succeeds(createAssociationFor('app/app', { role: 'app' }), { roleArn: '<role:app>' }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
    ],
  });

  scenario('PI-31', 'a trust policy with a misspelt service is refused when it is made', {
    source:
      'IAM API Reference, UpdateAssumeRolePolicy, MalformedPolicyDocument; Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      check('IAM says which principal is none', async ({ aws, name }) => {
        const iam = new IAMClient(await aws('iam'));
        const trust = (Service: string): Promise<unknown> =>
          iam.send(
            new UpdateAssumeRolePolicyCommand({
              RoleName: name('<role-name:app>'),
              PolicyDocument: JSON.stringify({
                Version: '2012-10-17',
                Statement: { Effect: 'Allow', Principal: { Service }, Action: ['sts:AssumeRole', 'sts:TagSession'] },
              }),
            }),
          );
        const refusal = await trust('pod.eks.amazonaws.com').then(() => undefined, refusalBy);
        expect(refusal?.name).to.match(/^MalformedPolicyDocument/);
        expect(refusal?.message).to.contain('pod.eks.amazonaws.com');
        await trust('pods.eks.amazonaws.com');
      }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
    ],
  });

  scenario('PI-29', "without an agent a pod gets no credentials, and not the node's role either", {
    source:
      'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; AWS SDKs and Tools Reference Guide, "Container credential provider"',
    roles: { app: podIdentityRole() },
    workloads: {
      before: { role: 'app' },
      app: { role: 'app', imds: 'reachable', starts: 'later' },
    },
    probes: [
      granted('before', fetchCredentials()),
      stopAgent(),
      startPod('app'),
      refused('app', whoAmI(), { by: 'agent', message: 'cannot be reached' }),
    ],
  });
});

suite('cross-account', ({ scenario }) => {
  scenario('XA-15', "a pod acts in another account by that account's own provider of the cluster's issuer", {
    source: 'Amazon EKS User Guide, "Authenticate to another account with IRSA"',
    providers: [{ cluster: 'c1', account: 'other', clientIds: ['sts.amazonaws.com'] }],
    roles: {
      app: {
        account: 'other',
        trust: [trustWebIdentity({ account: 'other', subject: 'app/app' })],
        permissions: [allow('s3:GetObject', 'data/*')],
      },
      stranger: {
        account: 'other',
        trust: [trustWebIdentity({ account: 'other', subject: 'app/another' })],
        permissions: [allow('s3:GetObject', 'data/*')],
      },
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    buckets: { data: { account: 'other' } },
    objects: ['data/key'],
    probes: [
      succeeds(asSession({ role: 'app', token: 'web' }, getObject('data/key'))),
      succeeds(asSession({ role: 'app', token: 'web' }, whoAmI()), { accountId: '<account:other>' }),
      fails(asSession({ role: 'stranger', token: 'web' }, getObject('data/key')), {
        by: 'sts',
        code: 'AccessDenied',
        status: 403,
      }),
    ],
  });
});

suite('cross-account', ({ scenario }) => {
  scenario('XA-17', 'clusters and associations are found in the account of the caller alone', {
    source: `${API} DescribePodIdentityAssociation, ResourceNotFoundException; EKS Auth API Reference, AssumeRoleForPodIdentity, ResourceNotFoundException`,
    providers: [{ cluster: 'c1', account: 'other', clientIds: ['sts.amazonaws.com'] }],
    roles: {
      app: podIdentityRole(),
      far: {
        account: 'other',
        trust: [trustWebIdentity({ account: 'other', subject: 'app/controller' })],
        permissions: [allow(['eks:*', 'eks-auth:*'], '*')],
      },
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      succeeds(describeAssociation(ID), { roleArn: '<role:app>' }),
      fails(describeAssociation(ID, as('far')), { by: 'eks', code: 'ResourceNotFoundException', status: 404 }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', as('far')), { by: 'eks-auth', code: 'ResourceNotFoundException', status: 404 }),
      succeeds(listTags('<cluster-arn:c1>')),
      fails(listTags('<cluster-arn:c1>', as('far')), {
        by: 'eks',
        code: ['AccessDeniedException', 'NotFoundException', 'ResourceNotFoundException', 'BadRequestException'],
      }),
    ],
  });
});

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-16', "a trust of one cluster's provider takes no token of another's, whatever it asks besides", {
    source: 'IAM User Guide, "AWS JSON policy elements: Principal", OIDC federated principals',
    needs: ['irsa'],
    roles: {
      here: { trust: [trustWebIdentity({ subject: null, audience: null })] },
      there: { trust: [trustWebIdentity({ cluster: 'c2', subject: null, audience: null })] },
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: [
      succeeds(asSession({ role: 'here', token: 'web' }, whoAmI())),
      fails(asSession({ role: 'there', token: 'web' }, whoAmI()), { by: 'sts', code: 'AccessDenied', status: 403 }),
    ],
  });
});
