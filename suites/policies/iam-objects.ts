/** Roles, managed policies and OIDC providers in IAM: what IAM stores, limits and refuses to delete. */
import { IAM, type ListRoleTagsCommandOutput } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { allow, check, podIdentityRole, suite, trustPodIdentity } from '../../harness/index.ts';
import { codeOf } from '../lib/errors.ts';
import { READ_ONLY } from '../lib/worlds.ts';
import { allowText, policyOf } from './lib/iam-calls.ts';
import { FEW_ATTEMPTS, spaced } from './lib/malformed-policies.ts';

const document = (key: string): string => allowText(`arn:aws:s3:::data/${key}`);
const WITH_PERCENT = { StringNotEquals: { 'aws:RequestTag/no-such-tag': 'a +%2F' } };

suite('policies', ({ scenario }) => {
  scenario('PO-66', 'IAM deletes neither managed policies in use nor default versions, and keeps five versions', {
    source:
      'IAM API Reference, DeletePolicy, DeletePolicyVersion, CreatePolicyVersion, DeleteRole; IAM User Guide, "Versioning IAM policies", "IAM and AWS STS quotas" and "Delete IAM policies"',
    roles: {
      app: { ...podIdentityRole(), boundary: [allow('s3:*', '*')], attached: [allow('s3:GetObject', 'data/key')] },
      plain: podIdentityRole(allow('s3:GetObject', 'data/key')),
    },
    probes: [
      check('policies in use and roles with policies stay', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        for (const kind of ['boundary', 'attached'] as const) {
          const PolicyArn = name(policyOf('app', kind));
          expect(await codeOf(iam.deletePolicy({ PolicyArn })), kind).to.equal('DeleteConflict');
        }
        const RoleName = name('<role-name:app>');
        const { Role } = await iam.getRole({ RoleName });
        const boundary = name(policyOf('app', 'boundary'));
        expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).to.equal(boundary);
        const absent = { RoleName, PolicyArn: `${boundary}-absent` };
        expect(await codeOf(iam.attachRolePolicy(absent))).to.equal('NoSuchEntity');
        for (const role of ['app', 'plain']) {
          const RoleName = name(`<role-name:${role}>`);
          expect(await codeOf(iam.deleteRole({ RoleName })), role).to.equal('DeleteConflict');
        }
      }),
      check('the default version stays, and version numbers are not reused', async (world) => {
        const iam = new IAM({ ...(await world.aws('iam')), ...FEW_ATTEMPTS });
        const PolicyName = world.name('<role-name:plain>-versions');
        const Path = '/conformance-apps/';
        const PolicyArn = world.name(`arn:aws:iam::<account:main>:policy${Path}${PolicyName}`);
        const second = spaced(document('2%2F'), 3000);
        const version = async (PolicyDocument: string, SetAsDefault?: boolean) => {
          const { PolicyVersion } = await iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault });
          return [PolicyVersion?.VersionId, PolicyVersion?.IsDefaultVersion];
        };
        const remove = (VersionId: string) => codeOf(iam.deletePolicyVersion({ PolicyArn, VersionId }));
        const removePolicy = () => codeOf(iam.deletePolicy({ PolicyArn }));
        const create = { Path, PolicyName, PolicyDocument: document('1') };
        const { Policy: { Arn = '' } = {} } = await iam.createPolicy(create);
        try {
          expect(Arn).to.equal(PolicyArn);
          expect(await codeOf(iam.createPolicy(create))).to.equal('EntityAlreadyExists');
          expect(await codeOf(version(document('x'.repeat(6144))))).to.equal('LimitExceeded');
          // White space does not count toward a policy's size.
          expect(await version(second)).to.deep.equal(['v2', false]);
          expect(await version(document('3'), true)).to.deep.equal(['v3', true]);
          expect(await remove('v3')).to.equal('DeleteConflict');
          const absent = { PolicyArn, VersionId: 'v9' };
          expect(await codeOf(iam.setDefaultPolicyVersion(absent))).to.equal('NoSuchEntity');
          const ofAws = { PolicyArn: READ_ONLY, VersionId: 'v1' };
          expect(await codeOf(iam.setDefaultPolicyVersion(ofAws))).to.equal('AccessDenied');
          const { Versions = [] } = await iam.listPolicyVersions({ PolicyArn });
          const versions = Versions.map(({ VersionId, IsDefaultVersion }) => `${VersionId} ${IsDefaultVersion}`);
          expect(versions).to.have.members(['v1 false', 'v2 false', 'v3 true']);
          expect(await version(document('4'))).to.deep.equal(['v4', false]);
          expect(await remove('v4')).to.equal('none');
          expect(await version(document('5'), false)).to.deep.equal(['v5', false]);
          expect(await version(document('6'))).to.deep.equal(['v6', false]);
          expect(await codeOf(version(document('7')))).to.equal('LimitExceeded');
          const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId: 'v2' });
          expect(decodeURIComponent(PolicyVersion?.Document ?? '')).to.equal(second);
          expect(await removePolicy()).to.equal('DeleteConflict');
        } finally {
          for (const VersionId of ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7']) await remove(VersionId);
          expect(await removePolicy()).to.equal('none');
        }
      }),
    ],
  });

  scenario('PO-67', 'IAM returns the attributes that a role was created with', {
    source:
      'IAM API Reference, GetRole, GetRolePolicy, ListRolePolicies, ListAttachedRolePolicies, ListRoleTags: URL-encoded JSON, Marker',
    roles: {
      app: {
        trust: [trustPodIdentity({ conditions: WITH_PERCENT })],
        permissions: [allow('s3:GetObject', 'data/ä +%2F*')],
        attached: [allow('s3:GetObject', 'data/key')],
        tags: { 'conformance-team': 'red' },
        maxSessionDuration: 7200,
        path: '/conformance-apps/red/',
      },
    },
    objects: ['data/key'],
    probes: [
      check('every call returns them', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        const RoleName = name('<role-name:app>');
        const { Role } = await iam.getRole({ RoleName });
        expect(Role).to.include({ RoleName, Arn: name('<role:app>'), MaxSessionDuration: 7200 });
        expect(Role?.Path).to.equal('/conformance-apps/red/');
        expect(Role?.RoleId).to.match(/^AROA[A-Z0-9]{12,}$/);
        expect(Role?.Tags).to.deep.include({ Key: 'conformance-team', Value: 'red' });
        const paged: unknown[] = [];
        for (let more: { Marker?: string } | undefined = {}; more !== undefined && paged.length < 50;) {
          const page: ListRoleTagsCommandOutput = await iam.listRoleTags({ RoleName, MaxItems: 1, ...more });
          paged.push(...(page.Tags ?? []));
          more = page.IsTruncated && page.Marker !== undefined ? { Marker: page.Marker } : undefined;
        }
        expect(paged).to.have.deep.members(Role?.Tags ?? []);
        const { Statement: trust } = documentOf(Role?.AssumeRolePolicyDocument);
        expect(trust).to.deep.equal([
          {
            Effect: 'Allow',
            Action: ['sts:AssumeRole', 'sts:TagSession'],
            Principal: { Service: 'pods.eks.amazonaws.com' },
            Condition: WITH_PERCENT,
          },
        ]);
        const { PolicyNames } = await iam.listRolePolicies({ RoleName });
        expect(PolicyNames).to.deep.equal(['scenario']);
        const { PolicyDocument } = await iam.getRolePolicy({ RoleName, PolicyName: 'scenario' });
        const [statement] = documentOf(PolicyDocument).Statement;
        expect([statement?.['Resource']].flat()).to.deep.equal([name('arn:aws:s3:::<bucket:data>/ä +%2F*')]);
        const { AttachedPolicies } = await iam.listAttachedRolePolicies({ RoleName });
        const attached = { PolicyName: `${RoleName}-attached`, PolicyArn: name(policyOf('app', 'attached')) };
        expect(AttachedPolicies).to.deep.equal([attached]);
      }),
    ],
  });

  scenario('PO-75', 'an OIDC provider needs an https URL without port or query, and at most five thumbprints', {
    source: 'IAM API Reference, CreateOpenIDConnectProvider: Url, ThumbprintList',
    // On AWS a run creates only the providers of its clusters.
    needs: ['call-record'],
    roles: { app: podIdentityRole() },
    probes: [
      check('IAM rejects other providers', async ({ aws, name }) => {
        const iam = new IAM({ ...(await aws('iam')), ...FEW_ATTEMPTS });
        const host = name('<role-name:app>.example.com');
        const five = Array.from({ length: 5 }, (_, at) => String(at).repeat(40));
        const made = async (Url: string, ThumbprintList = five.slice(0, 1)): Promise<string> => {
          const end = await codeOf(iam.createOpenIDConnectProvider({ Url, ThumbprintList }));
          if (end === 'none') {
            const OpenIDConnectProviderArn = name(`arn:aws:iam::<account:main>:oidc-provider/${Url.slice(8)}`);
            await iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn }).catch(() => undefined);
          }
          return end;
        };
        const refused = /^(InvalidInput|ValidationError|LimitExceeded)$/;
        for (const url of [`http://${host}`, `https://${host}:8443`, `https://${host}/id?of=app`, host])
          expect(await made(url), url).to.match(refused);
        for (const thumbprints of [[...five, '5'.repeat(40)], ['1'.repeat(39)]])
          expect(await made(`https://${host}`, thumbprints), thumbprints.join()).to.match(refused);
        expect(await made(`https://${host}/id/app`, five)).to.equal('none');
      }),
    ],
  });
});

function documentOf(encoded: string | undefined): {
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
} {
  return JSON.parse(decodeURIComponent(encoded ?? '')) as ReturnType<typeof documentOf>;
}
