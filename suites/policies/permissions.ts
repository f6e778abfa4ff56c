/** Which permissions IAM requires to change roles, policies and providers, and their conditions. */
import type { IAM, Tag } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { allow, check, deny, podIdentityRole, suite, type RoleSpec } from '../../harness/index.ts';
import { ofOwnAccount } from '../lib/account-session.ts';
import { CALLS, create, endOf, iamOf, policyOf, providerOf, targetOf, type Call } from './lib/iam-calls.ts';
import { READ_ONLY } from '../lib/worlds.ts';

const ACTIONS =
  'Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management"';
const DELEGATION =
  'IAM User Guide, "Permissions boundaries for IAM entities", "Delegating responsibility to others using permissions boundaries"';
const TAGS =
  'IAM User Guide, "Tags for AWS Identity and Access Management resources" and "Controlling access to AWS resources using tags"';
const FULL = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';

suite('policies', ({ scenario }) => {
  const whole: RoleSpec = {
    ...podIdentityRole(allow('s3:GetObject', 'data/key')),
    attached: [allow('s3:GetObject', 'data/key')],
    boundary: [allow('s3:*', '*')],
  };
  const describe: Call = (iam, target) => iam.updateRoleDescription({ ...target, Description: 'changed' });
  const changes = [
    ...['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
    ...['iam:UpdateRole', 'iam:UpdateRoleDescription', 'iam:UpdateAssumeRolePolicy', 'iam:PutRolePermissionsBoundary'],
    ...['iam:GetRole', 'iam:DeleteRole', 'iam:DeleteRolePermissionsBoundary'],
  ];
  /** Actions without a condition key for the boundary. */
  const without = ['ListRolePolicies', 'ListRoleTags', 'TagRole', 'UntagRole'];

  scenario('PO-69', 'each IAM call requires its own permission, on its own role, policy or provider', {
    source: `${ACTIONS}; IAM User Guide, "Troubleshoot access denied error messages"`,
    needs: ['own-boundary'],
    roles: {
      admin: ofOwnAccount(
        allow('iam:*', [
          '<role:own>',
          'arn:aws:iam::<account:main>:role/*<role-name:own>-absent',
          policyOf('own', 'attached'),
          providerOf('own'),
        ]),
      ),
      own: { ...whole, path: '/conformance-apps/red/' },
      other: whole,
    },
    objects: ['data/key'],
    probes: [
      check('calls on other resources are denied', async (context) => {
        const iam = await iamOf(context, 'admin');
        const [ownTarget, otherTarget] = [targetOf(context, 'own'), targetOf(context, 'other')];
        for (const [action, [end, call]] of Object.entries(CALLS)) {
          expect(await endOf(call(iam, otherTarget)), `${action} on another`).to.equal(`AccessDenied ${action}`);
          expect(await endOf(call(iam, ownTarget)), action).to.equal(end);
        }
        // These calls concern several resources, or create one.
        const thumbprint = { ThumbprintList: ['1'.repeat(40)] };
        const ActionNames = ['s3:GetObject'];
        const widely: Readonly<Record<string, () => Promise<unknown>>> = {
          ListRoles: () => iam.listRoles({}),
          ListPolicies: () => iam.listPolicies({}),
          ListOpenIDConnectProviders: () => iam.listOpenIDConnectProviders({}),
          CreateOpenIDConnectProvider: () =>
            iam.createOpenIDConnectProvider({ Url: `https://${otherTarget.RoleName}.example.com`, ...thumbprint }),
          SimulatePrincipalPolicy: () =>
            iam.simulatePrincipalPolicy({ PolicySourceArn: context.name('<role:other>'), ActionNames }),
          SimulateCustomPolicy: () =>
            iam.simulateCustomPolicy({ PolicyInputList: [ownTarget.PolicyDocument], ActionNames }),
        };
        for (const [action, call] of Object.entries(widely))
          expect(await endOf(call()), action).to.equal(`AccessDenied ${action}`);
        // Callers without permission cannot learn whether a role exists.
        const endBeside = ({ RoleName }: typeof ownTarget) => endOf(iam.getRole({ RoleName: `${RoleName}-absent` }));
        expect(await endBeside(ownTarget)).to.equal('NoSuchEntity');
        expect(await endBeside(otherTarget)).to.equal('AccessDenied GetRole');
      }),
    ],
  });

  scenario('PO-70', 'a user limited to roles with a boundary can neither create nor change other roles', {
    source: `${DELEGATION}; ${ACTIONS}, iam:PermissionsBoundary`,
    needs: ['own-boundary'],
    roles: {
      admin: ofOwnAccount(
        allow([...changes, ...without.map((each) => `iam:${each}`)], 'arn:aws:iam::<account:main>:role/*', {
          StringEquals: { 'iam:PermissionsBoundary': ['within', 'kept'].map((role) => policyOf(role, 'boundary')) },
        }),
        deny('iam:DeleteRolePermissionsBoundary', '*', {
          ArnLike: { 'iam:PermissionsBoundary': policyOf('kept', 'boundary') },
        }),
      ),
      within: whole,
      kept: whole,
      wider: whole,
      unbounded: podIdentityRole(),
    },
    objects: ['data/key'],
    probes: [
      check("the requested boundary decides, or else the role's own", async (context) => {
        const iam = await iamOf(context, 'admin');
        const made = targetOf(context, 'within');
        const { PermissionsBoundary: mine } = made;
        const { PermissionsBoundary: another } = targetOf(context, 'wider');
        expect(await endOf(create(iam, made, { PermissionsBoundary: mine }))).to.equal('EntityAlreadyExists');
        expect(await endOf(create(iam, made, { PermissionsBoundary: another }))).to.equal('AccessDenied CreateRole');
        expect(await endOf(create(iam, made))).to.equal('AccessDenied CreateRole');
        const put = (role: string, PermissionsBoundary: string) =>
          endOf(iam.putRolePermissionsBoundary({ ...targetOf(context, role), PermissionsBoundary }));
        expect(await put('within', mine)).to.equal('none');
        expect(await put('within', another)).to.equal('AccessDenied PutRolePermissionsBoundary');
        expect(await put('wider', another)).to.equal('AccessDenied PutRolePermissionsBoundary');
        for (const each of without) {
          const [, call = describe] = CALLS[each] ?? [];
          expect(await endOf(call(iam, targetOf(context, 'within'))), each).to.equal(`AccessDenied ${each}`);
        }
        const others = changes.map((each) => each.slice(4)).filter((each) => !/^(Create|PutRolePerm)/.test(each));
        for (const change of others) {
          const [end, call] = CALLS[change] ?? ['none', describe];
          for (const role of ['within', 'wider', 'unbounded']) {
            const result = await endOf(call(iam, targetOf(context, role)));
            expect(result, `${change} of ${role}`).to.equal(role === 'within' ? end : `AccessDenied ${change}`);
          }
        }
        expect(await endOf(iam.updateRole(targetOf(context, 'kept')))).to.equal('none');
        expect(await endOf(iam.deleteRolePermissionsBoundary(targetOf(context, 'kept')))).to.equal(
          'AccessDenied DeleteRolePermissionsBoundary',
        );
      }),
    ],
  });

  scenario('PO-71', 'permissions on roles and policies can depend on tags, and attachments on the policy ARN', {
    source: `${TAGS}; ${ACTIONS}, aws:RequestTag, aws:TagKeys, aws:ResourceTag, iam:ResourceTag and iam:PolicyARN; "AWS global condition context keys", aws:RequestedRegion: IAM is in us-east-1`,
    needs: ['own-boundary'],
    roles: {
      maker: ofOwnAccount(
        allow('iam:CreatePolicy', policyOf('red', 'attached')),
        allow('iam:CreateRole', '*', { StringEquals: { 'aws:RequestTag/conformance-team': 'red' } }),
        allow('iam:GetRole', '*', { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } }),
        deny('iam:ListRoleTags', '*', { StringNotEquals: { 'aws:RequestedRegion': 'us-east-1' } }),
        allow('iam:ListRoleTags', '*'),
      ),
      tagger: ofOwnAccount(
        allow('iam:CreateRole', '*'),
        allow('iam:TagRole', '*', {
          StringEquals: { 'aws:RequestTag/conformance-team': 'red' },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['conformance-team', 'conformance-step'] },
        }),
        allow('iam:UntagRole', '*', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['conformance-step'] } }),
        allow('iam:GetRole', '*', { StringEquals: { 'aws:ResourceTag/conformance-team': 'red' } }),
        allow('iam:ListRoleTags', '*', { StringEquals: { 'iam:ResourceTag/conformance-team': 'red' } }),
        // Every policy of a run has this tag.
        allow('iam:GetPolicy', '*', { StringEquals: { 'aws:ResourceTag/conformance-region': '<region:c1>' } }),
        allow('iam:ListPolicyTags', '*', { StringEquals: { 'iam:ResourceTag/conformance-region': '<region:c1>' } }),
        allow('iam:ListPolicyVersions', '*', { StringEquals: { 'aws:ResourceTag/conformance-region': 'elsewhere' } }),
        allow(['iam:AttachRolePolicy', 'iam:DetachRolePolicy'], '*', { ArnEquals: { 'iam:PolicyARN': READ_ONLY } }),
      ),
      red: {
        ...podIdentityRole(),
        attached: [allow('s3:GetObject', 'data/key')],
        tags: { 'conformance-team': 'red' },
      },
      blue: { ...podIdentityRole(), tags: { 'conformance-team': 'blue' } },
    },
    objects: ['data/key'],
    probes: [
      check('tags of the request and of the role', async (context) => {
        const [maker, tagger] = [await iamOf(context, 'maker'), await iamOf(context, 'tagger')];
        const [red, blue] = [targetOf(context, 'red'), targetOf(context, 'blue')];
        const tags = (...Tags: readonly (readonly [key: string, value: string])[]): { readonly Tags: Tag[] } => ({
          Tags: Tags.map(([key, Value]) => ({ Key: `conformance-${key}`, Value })),
        });
        const [ofRed, ofBlue] = [tags(['team', 'red']), tags(['team', 'blue'])];
        const more = tags(['team', 'red'], ['cost', '1']);
        const made = (iam: IAM, given?: typeof ofRed) => endOf(create(iam, red, given));
        // The creation of a role with tags also requires the permission to tag it.
        expect(await made(maker)).to.equal('AccessDenied CreateRole');
        expect(await made(maker, ofBlue)).to.equal('AccessDenied CreateRole');
        expect(await made(maker, ofRed)).to.equal('AccessDenied TagRole');
        expect(await made(tagger)).to.equal('EntityAlreadyExists');
        expect(await made(tagger, ofRed)).to.equal('EntityAlreadyExists');
        for (const given of [ofBlue, more])
          expect(await made(tagger, given), JSON.stringify(given)).to.equal('AccessDenied TagRole');
        const [, PolicyName] = red.PolicyArn.split('/');
        const policy = { PolicyName, PolicyDocument: red.PolicyDocument };
        expect(await endOf(maker.createPolicy(policy))).to.equal('EntityAlreadyExists');
        expect(await endOf(maker.createPolicy({ ...policy, ...ofRed }))).to.equal('AccessDenied TagPolicy');
        for (const target of [red, blue]) {
          const { RoleName } = target;
          const mayRead = target === red;
          expect(await endOf(tagger.getRole(target)), RoleName).to.equal(mayRead ? 'none' : 'AccessDenied GetRole');
          const listed = await endOf(tagger.listRoleTags(target));
          expect(listed, RoleName).to.equal(mayRead ? 'none' : 'AccessDenied ListRoleTags');
          expect(await endOf(maker.getRole(target)), RoleName).to.equal('none');
          expect(await endOf(maker.listRoleTags(target)), RoleName).to.equal('none');
          for (const given of [ofBlue, more]) {
            const end = await endOf(tagger.tagRole({ RoleName, ...given }));
            expect(end, `${RoleName} ${JSON.stringify(given)}`).to.equal('AccessDenied TagRole');
          }
        }
        expect(await endOf(tagger.getPolicy(red))).to.equal('none');
        expect(await endOf(tagger.listPolicyTags(red))).to.equal('none');
        expect(await endOf(tagger.listPolicyVersions(red))).to.equal('AccessDenied ListPolicyVersions');
        const { RoleName } = red;
        expect(await endOf(tagger.tagRole({ RoleName, ...tags(['team', 'red'], ['step', '1']) }))).to.equal('none');
        const untag = (...keys: readonly string[]) =>
          endOf(tagger.untagRole({ RoleName, TagKeys: keys.map((key) => `conformance-${key}`) }));
        expect(await untag('step', 'team')).to.equal('AccessDenied UntagRole');
        expect(await untag('step')).to.equal('none');
        const readOnly = { RoleName, PolicyArn: READ_ONLY };
        const full = { RoleName, PolicyArn: FULL };
        expect(await endOf(tagger.attachRolePolicy(readOnly))).to.equal('none');
        expect(await endOf(tagger.attachRolePolicy(full))).to.equal('AccessDenied AttachRolePolicy');
        expect(await endOf(tagger.detachRolePolicy(full))).to.equal('AccessDenied DetachRolePolicy');
        expect(await endOf(tagger.detachRolePolicy(readOnly))).to.equal('none');
      }),
    ],
  });
});
