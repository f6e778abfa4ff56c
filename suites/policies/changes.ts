/** Effects of changes to roles, boundaries and managed policies, and decisions of the policy simulator. */
import {
  IAM,
  paginateListPolicies,
  paginateListRoles,
  type EvaluationResult,
  type ResourceSpecificResult,
  type Tag,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import {
  allow,
  asSession,
  check,
  deny,
  fails,
  getObject,
  podIdentityRole,
  putRolePolicy,
  succeeds,
  suite,
  trustPodIdentity,
  type CheckContext,
  type Step,
} from '../../harness/index.ts';
import { codeOf } from '../lib/errors.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { APP, READ_ONLY } from '../lib/worlds.ts';
import { allowText, policyOf } from './lib/iam-calls.ts';
import { FEW_ATTEMPTS } from './lib/malformed-policies.ts';
import { given } from './lib/simulator.ts';
import { objects } from './lib/objects.ts';

const API = 'IAM API Reference,';
/** The error code is not documented. */
const REFUSED = /^(InvalidInput|ValidationError|AccessDenied)$/;
/** Makes a change, and waits until it applies everywhere. */
const changed = (title: string, change: (iam: IAM, context: CheckContext) => Promise<unknown>): readonly Step[] => [
  check(title, async (context) => {
    expect(await codeOf(change(new IAM(await context.aws('iam')), context))).to.equal('none');
  }),
  putRolePolicy('app', allow('s3:GetObject', 'data/*')),
];
const may = (...keys: readonly string[]): readonly Step[] =>
  ['a', 'b'].map((key) => {
    const call = asSession('app', getObject(`data/${key}`));
    if (keys.includes(key)) return succeeds(call);
    return fails(call, { ...NOT_ALLOWED, policy: 'boundary' });
  });

suite('policies', ({ scenario }) => {
  scenario('PO-72', 'a boundary limits sessions from its addition to their role until its removal', {
    source: `${API} PutRolePermissionsBoundary and DeleteRolePermissionsBoundary; IAM User Guide, "Versioning IAM policies": the default version is in effect for all principals that have the policy`,
    needs: ['own-boundary'],
    roles: {
      app: podIdentityRole(allow('s3:GetObject', 'data/*')),
      bounds: { ...podIdentityRole(), boundary: [allow('s3:GetObject', 'data/a')] },
    },
    workloads: APP,
    objects: ['data/a', 'data/b'],
    probes: [
      ...may('a', 'b'),
      ...changed('the boundary is added', (iam, { name }) =>
        iam.putRolePermissionsBoundary({
          RoleName: name('<role-name:app>'),
          PermissionsBoundary: name(policyOf('bounds', 'boundary')),
        }),
      ),
      ...may('a'),
      ...changed('its policy gets another version', async (iam, { name }) => {
        const PolicyArn = name(policyOf('bounds', 'boundary'));
        const PolicyDocument = name(allowText('arn:aws:s3:::<bucket:data>/b'));
        await iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true });
        await iam.deletePolicyVersion({ PolicyArn, VersionId: 'v1' });
      }),
      ...may('b'),
      ...changed('the boundary is removed', (iam, { name }) =>
        iam.deleteRolePermissionsBoundary({ RoleName: name('<role-name:app>') }),
      ),
      ...may('a', 'b'),
    ],
  });

  scenario('PO-73', 'the policy simulator evaluates all policies and the boundary of a role', {
    source: `${API} SimulatePrincipalPolicy and EvaluationResult`,
    roles: {
      app: {
        trust: [trustPodIdentity()],
        permissions: [
          allow('s3:GetObject', ['data/inline', 'data/denied']),
          allow('s3:GetObject', 'data/red', { StringEquals: { 'aws:PrincipalTag/team': 'red' } }),
        ],
        attached: [allow('s3:GetObject', ['data/attached', 'data/outside']), deny('s3:GetObject', 'data/denied')],
        boundary: [allow('s3:GetObject', objects('inline', 'denied', 'red', 'attached', 'nobody'))],
      },
    },
    objects: ['data/inline'],
    probes: [
      check('the simulator reports missing context keys', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        const keys = ['inline', 'attached', 'outside', 'denied', 'nobody', 'red'];
        const objectOf = (key: string) => name(`arn:aws:s3:::<bucket:data>/${key}`);
        const ask = async (PolicySourceArn: string, more: object = {}) => {
          const asked = { PolicySourceArn, ActionNames: ['s3:GetObject'], ResourceArns: keys.map(objectOf), ...more };
          const { EvaluationResults = [] } = await iam.simulatePrincipalPolicy(asked);
          return EvaluationResults.flatMap(({ ResourceSpecificResults = [], ...result }) => [
            result,
            ...ResourceSpecificResults,
          ]);
        };
        const decided = (results: readonly SimulatedResult[]) =>
          keys.map((key) => results.map(decisionOf(objectOf(key))).find(Boolean));
        const arn = name('<role:app>');
        const alone = await ask(arn);
        const limits = ['allowed', 'allowed', 'implicitDeny', 'explicitDeny', 'implicitDeny'];
        expect(decided(alone)).to.deep.equal([...limits, 'implicitDeny']);
        const within = keys.map((key) =>
          alone.some(
            ({ EvalResourceName, PermissionsBoundaryDecisionDetail: detail }) =>
              EvalResourceName === objectOf(key) && detail?.AllowedByPermissionsBoundary,
          ),
        );
        expect(within).to.deep.equal(keys.map((key) => key !== 'outside'));
        expect(alone.flatMap(({ MissingContextValues = [] }) => MissingContextValues)).to.include(
          'aws:PrincipalTag/team',
        );
        const ContextEntries = [given('string', 'aws:PrincipalTag/team', 'red')];
        expect(decided(await ask(arn, { ContextEntries }))).to.deep.equal([...limits, 'allowed']);
        const PolicyInputList = [allowText('*', 's3:*')];
        const more = await ask(arn, { PolicyInputList });
        expect(decided(more)).to.deep.equal([...limits.slice(0, 4), 'allowed', 'allowed']);
        // The matched statements; an explicit Deny is the only one.
        const decidedBy = (results: readonly SimulatedResult[], key: string) =>
          (results.find((each) => each.EvalResourceName === objectOf(key))?.MatchedStatements ?? []).map(
            ({ SourcePolicyId }) => SourcePolicyId,
          );
        for (const [key, count] of Object.entries({ inline: 1, attached: 1, denied: 1, nobody: 0 })) {
          expect(decidedBy(alone, key).length, key).to.equal(count);
          expect(decidedBy(more, key).length, key).to.equal(key === 'denied' ? 1 : count + 1);
        }
        expect(decidedBy(more, 'nobody')).to.deep.equal(['PolicyInputList.1']);
        expect(await codeOf(ask(`${arn}-absent`))).to.equal('NoSuchEntity');
      }),
    ],
  });

  scenario('PO-74', 'IAM returns changed roles and attachments, and matches names and tags in any case', {
    source: `${API} UpdateRole, UpdateRoleDescription, ListRoles, ListPolicies, ListAttachedRolePolicies, ListEntitiesForPolicy, GetPolicy; IAM User Guide, "IAM and AWS STS quotas", "IAM name requirements": names are not distinguished by case; "Tags for AWS Identity and Access Management resources"`,
    roles: {
      app: {
        ...podIdentityRole(),
        boundary: [allow('s3:*', '*')],
        attached: [allow('s3:GetObject', 'data/key')],
        path: '/conformance-apps/red/',
      },
    },
    objects: ['data/key'],
    probes: [
      check('the responses of IAM', async ({ aws, name, eventually }) => {
        const iam = new IAM({ ...(await aws('iam')), ...FEW_ATTEMPTS });
        const RoleName = name('<role-name:app>');
        await iam.updateRole({ RoleName, Description: 'Reads ä +%2F', MaxSessionDuration: 7200 });
        const read = async () => (await iam.getRole({ RoleName })).Role;
        const role = await eventually(read, (seen) => seen?.MaxSessionDuration === 7200);
        expect(role).to.include({ MaxSessionDuration: 7200, Description: 'Reads ä +%2F' });

        await iam.updateRoleDescription({ RoleName, Description: 'Writes' });
        const described = await eventually(read, (seen) => seen?.Description !== 'Reads ä +%2F');
        expect(described).to.include({ MaxSessionDuration: 7200, Description: 'Writes' });

        const AssumeRolePolicyDocument = decodeURIComponent(role?.AssumeRolePolicyDocument ?? '');
        const again = { RoleName: RoleName.toUpperCase(), AssumeRolePolicyDocument };
        expect(await codeOf(iam.createRole(again))).to.equal('EntityAlreadyExists');

        for (const MaxSessionDuration of [3599, 43_201]) {
          const end = await codeOf(iam.updateRole({ RoleName, MaxSessionDuration }));
          expect(end, `${MaxSessionDuration} s`).to.equal('ValidationError');
        }
        const bound = (PermissionsBoundary: string) =>
          codeOf(iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary }));
        expect(await bound(name(policyOf('app', 'boundary')))).to.equal('none');
        expect(await bound(`${name(policyOf('app', 'boundary'))}-absent`)).to.equal('NoSuchEntity');

        const tag = (...Tags: Tag[]) => codeOf(iam.tagRole({ RoleName, Tags }));
        expect(await tag({ Key: 'team', Value: 'red' })).to.equal('none');
        expect(await tag({ Key: 'step', Value: '1' }, { Key: 'STEP', Value: '2' })).to.match(REFUSED);
        expect(await tag({ Key: 'aws:team', Value: 'red' })).to.match(REFUSED);
        expect(await codeOf(iam.untagRole({ RoleName, TagKeys: ['TEAM'] }))).to.equal('none');
        const keysOf = async () => ((await iam.listRoleTags({ RoleName })).Tags ?? []).map(({ Key }) => Key);
        expect(await eventually(keysOf, (keys) => !keys.includes('team'))).not.to.include('team');
        const fifty = Array.from({ length: 50 }, (_, at) => ({ Key: `k${at}`, Value: '' }));
        expect(await tag(...fifty)).to.equal('LimitExceeded');

        for (const [PathPrefix, isThere] of Object.entries({
          '/conformance-apps/red/': true,
          '/conformance-apps/blue/': false,
        })) {
          const listed: string[] = [];
          for await (const { Roles = [] } of paginateListRoles({ client: iam, pageSize: 20 }, { PathPrefix }))
            listed.push(...Roles.map(({ Path, Arn }) => `${Path} ${Arn}`));
          expect(listed.includes(name('/conformance-apps/red/ <role:app>')), PathPrefix).to.equal(isThere);
          const others = listed.filter((each) => !each.startsWith(PathPrefix));
          expect(others, PathPrefix).to.deep.equal([]);
        }

        const policies = async (input: Parameters<IAM['listPolicies']>[0]) => {
          const listed: unknown[] = [];
          for await (const { Policies = [] } of paginateListPolicies({ client: iam, pageSize: 1000 }, input))
            listed.push(...Policies.map(({ Arn }) => Arn));
          const arns = [policyOf('app', 'attached'), policyOf('app', 'boundary'), READ_ONLY].map(name);
          return arns.map((arn) => listed.filter((each) => each === arn).length);
        };
        expect(await policies({ Scope: 'Local' })).to.deep.equal([1, 1, 0]);
        expect(await policies({ Scope: 'AWS', PathPrefix: '/' })).to.deep.equal([0, 0, 1]);
        expect(await policies({ Scope: 'Local', PathPrefix: '/elsewhere/' })).to.deep.equal([0, 0, 0]);
        expect((await policies({ Scope: 'Local', OnlyAttached: true }))[0]).to.equal(1);
        for (const [PathPrefix, count] of Object.entries({ '/': 1, '/elsewhere/': 0 })) {
          const { AttachedPolicies = [] } = await iam.listAttachedRolePolicies({ RoleName, PathPrefix });
          expect(AttachedPolicies.length, PathPrefix).to.equal(count);
        }

        for (const kind of ['attached', 'boundary'] as const) {
          const PolicyArn = name(policyOf('app', kind));
          const PolicyUsageFilter = kind === 'attached' ? 'PermissionsPolicy' : 'PermissionsBoundary';
          const entities = async (more: object) => {
            const { PolicyRoles = [], PolicyUsers } = await iam.listEntitiesForPolicy({ PolicyArn, ...more });
            expect(PolicyUsers ?? [], `${kind}: users`).to.deep.equal([]);
            return PolicyRoles.map((each) => `${each.RoleName} ${each.RoleId}`);
          };
          const own = [`${RoleName} ${role?.RoleId}`];
          const ofRoles = [{ EntityFilter: 'Role' }, { PathPrefix: '/conformance-apps/' }];
          for (const filter of [{}, { PolicyUsageFilter }, ...ofRoles])
            expect(await entities(filter), `${kind} ${JSON.stringify(filter)}`).to.deep.equal(own);
          const other = kind === 'attached' ? 'PermissionsBoundary' : 'PermissionsPolicy';
          for (const filter of [{ PolicyUsageFilter: other }, { EntityFilter: 'User' }, { PathPrefix: '/elsewhere/' }])
            expect(await entities(filter), `${kind} ${JSON.stringify(filter)}`).to.deep.equal([]);
          const { Policy } = await iam.getPolicy({ PolicyArn });
          expect(Policy, kind).to.include({ Arn: PolicyArn, DefaultVersionId: 'v1', IsAttachable: true });
          expect([Policy?.AttachmentCount, Policy?.PermissionsBoundaryUsageCount], kind).to.deep.equal(
            kind === 'attached' ? [1, 0] : [0, 1],
          );
          const PolicyName = PolicyArn.split('/')[1]?.toUpperCase();
          const PolicyDocument = allowText('*', '*');
          expect(await codeOf(iam.createPolicy({ PolicyName, PolicyDocument })), PolicyName).to.equal(
            'EntityAlreadyExists',
          );
        }
        expect(await bound(READ_ONLY), 'an AWS managed policy').to.equal('none');
      }),
    ],
  });
});

type SimulatedResult = Partial<EvaluationResult & ResourceSpecificResult>;

/** Returns the decision for a resource, from the result itself or from a result per resource. */
const decisionOf =
  (resource: string) =>
  ({ EvalResourceName, EvalResourceDecision, EvalDecision }: SimulatedResult) =>
    EvalResourceName === resource ? (EvalResourceDecision ?? EvalDecision) : undefined;
