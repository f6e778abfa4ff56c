/** Principals of resource-based policies, with identity policies and boundaries, according to the policy simulator and S3. */
import { expect } from 'chai';
import { allow, check, getObject, irsaRole, suite, type CheckContext } from '../../harness/index.ts';
import { DENIED_BY_BUCKET } from '../lib/outcomes.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { BOUNDARIES, CROSS_ACCOUNT, SAME_ACCOUNT } from '../lib/sources.ts';
import { BY_TOKEN, WEB } from '../lib/worlds.ts';
import { denyAllBut, rawPolicy } from './lib/objects.ts';
import { allowing, decisionsOf, object } from './lib/simulator.ts';

const PRINCIPAL = 'IAM User Guide, "AWS JSON policy elements: Principal"';
const NOT_PRINCIPAL = 'IAM User Guide, "IAM JSON policy elements: NotPrincipal"';
const KEY = object('key');
const NOTHING = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' };
const DENY = { Effect: 'Deny', Action: 's3:GetObject', Resource: KEY };
const text = (...Statement: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });
interface Asked {
  readonly identity?: object;
  /** The statement of the bucket policy. */
  readonly bucket?: object;
  readonly boundary?: object;
  /** The account that owns the bucket. */
  readonly owner?: 'main' | 'other';
}
/** Returns the decision for a user of the main account who reads the key. */
async function decided(world: CheckContext, { identity = NOTHING, bucket, boundary, owner = 'main' }: Asked) {
  const [decision] = await decisionsOf(world, {
    statements: [identity],
    resources: [KEY],
    more: {
      CallerArn: world.name(USER),
      ResourceOwner: world.name(`arn:aws:iam::<account:${owner}>:root`),
      ...(bucket !== undefined && { ResourcePolicy: text(bucket) }),
      ...(boundary !== undefined && { PermissionsBoundaryPolicyInputList: [text(boundary)] }),
    },
  });
  return decision;
}
const USER = 'arn:aws:iam::<account:main>:user/developer';
const ANOTHER = 'arn:aws:iam::<account:main>:user/tester';
const ACCOUNT = 'arn:aws:iam::<account:main>:root';
/** Principal; decision with only its Allow in the same account, and with an identity policy from another account. */
const PRINCIPALS: readonly (readonly [principal: unknown, same: string, other: string])[] = [
  ['*', 'allowed', 'allowed'],
  [{ AWS: '*' }, 'allowed', 'allowed'],
  [{ AWS: USER }, 'allowed', 'allowed'],
  [{ AWS: [ANOTHER, USER] }, 'allowed', 'allowed'],
  [{ AWS: ANOTHER }, 'implicitDeny', 'implicitDeny'],
  // The account's identity policies decide.
  [{ AWS: ACCOUNT }, 'implicitDeny', 'allowed'],
  [{ AWS: '<account:main>' }, 'implicitDeny', 'allowed'],
  [{ AWS: 'arn:aws:iam::<account:other>:root' }, 'implicitDeny', 'implicitDeny'],
  [{ AWS: 'arn:aws:iam::<account:main>:role/developer' }, 'implicitDeny', 'implicitDeny'],
  [{ AWS: 'arn:aws:sts::<account:main>:assumed-role/user/developer' }, 'implicitDeny', 'implicitDeny'],
  [{ Service: 'ec2.amazonaws.com' }, 'implicitDeny', 'implicitDeny'],
];

suite('policies', ({ scenario }) => {
  scenario('PO-51', 'a bucket policy grants access to named principals, and delegates to a named account', {
    source: `${PRINCIPAL}; ${SAME_ACCOUNT}; ${CROSS_ACCOUNT}`,
    needs: ['two-accounts'],
    probes: [
      check('each principal, within the account and from another', async (world) => {
        for (const [principal, same, other] of PRINCIPALS) {
          const Principal = JSON.parse(world.name(JSON.stringify(principal))) as unknown;
          const title = JSON.stringify(principal);
          const bucket = allowing(KEY, { Principal });
          expect(await decided(world, { bucket }), title).to.equal(same);
          expect(await decided(world, { bucket, identity: allowing(KEY) }), title).to.equal('allowed');
          const elsewhere = { bucket, owner: 'other' } as const;
          expect(await decided(world, { ...elsewhere, identity: allowing(KEY) }), title).to.equal(other);
          expect(await decided(world, elsewhere), title).to.equal('implicitDeny');
          const denied = await decided(world, { bucket: { ...DENY, Principal }, identity: allowing(KEY) });
          expect(denied, title).to.equal(other === 'allowed' ? 'explicitDeny' : 'allowed');
        }
      }),
      check('a statement applies only to its actions, resources and conditions', async (world) => {
        const decision = (rest: object) => decided(world, { bucket: allowing(KEY, { Principal: '*', ...rest }) });
        expect(await decision({ Action: 's3:Get*', Resource: object('*') })).to.equal('allowed');
        expect(await decision({ Action: 's3:PutObject' })).to.equal('implicitDeny');
        expect(await decision({ Resource: object('another') })).to.equal('implicitDeny');
        expect(await decision({ Condition: { Null: { 's3:authType': 'true' } } })).to.equal('allowed');
        expect(await decision({ Condition: { Null: { 's3:authType': 'false' } } })).to.equal('implicitDeny');
      }),
    ],
  });

  scenario('PO-52', 'NotPrincipal matches everyone else, and its Deny exempts no principal with a boundary', {
    source: `${NOT_PRINCIPAL}: account and user must be named; principals with a permissions boundary are always denied`,
    probes: [
      check('in a Deny and in an Allow', async (world) => {
        const but = (...names: readonly string[]) => ({ NotPrincipal: { AWS: names.map((each) => world.name(each)) } });
        const identity = allowing(KEY);
        const denied = (...names: readonly string[]) =>
          decided(world, { identity, bucket: { ...DENY, ...but(...names) } });
        expect(await denied(ACCOUNT, USER)).to.equal('allowed');
        expect(await denied('<account:main>', ANOTHER, USER)).to.equal('allowed');
        expect(await denied(ACCOUNT, ANOTHER)).to.equal('explicitDeny');
        const spareAll = { ...DENY, NotPrincipal: { AWS: '*' } };
        expect(await decided(world, { identity, bucket: spareAll })).to.equal('allowed');
        expect(await denied(ANOTHER)).to.equal('explicitDeny');
        const bounded = { identity, bucket: { ...DENY, ...but(ACCOUNT, USER) }, boundary: allowing('*') };
        expect(await decided(world, bounded)).to.equal('explicitDeny');
        const allowed = (...names: readonly string[]) => decided(world, { bucket: allowing(KEY, but(...names)) });
        expect(await allowed(ANOTHER)).to.equal('allowed');
        expect(await allowed(USER)).to.equal('implicitDeny');
        expect(await allowed(ANOTHER, USER)).to.equal('implicitDeny');
      }),
    ],
  });

  scenario('PO-53', 'a boundary limits identity policies, but not what a bucket policy grants to a named user', {
    source: `${BOUNDARIES}; ${SAME_ACCOUNT}`,
    needs: ['two-accounts'],
    probes: [
      check('a boundary with an Allow or a Deny', async (world) => {
        const [within, outside] = [allowing([KEY]), allowing([object('another')])];
        const identity = allowing('*');
        expect(await decided(world, { identity, boundary: within })).to.equal('allowed');
        expect(await decided(world, { identity, boundary: outside })).to.equal('implicitDeny');
        expect(await decided(world, { identity, boundary: DENY })).to.equal('explicitDeny');
        expect(await decided(world, { boundary: within })).to.equal('implicitDeny');
        const named = (boundary: object, owner?: 'other') => {
          const bucket = allowing(KEY, { Principal: { AWS: world.name(USER) } });
          return decided(world, { bucket, boundary, ...(owner && { owner, identity }) });
        };
        expect(await named(outside)).to.equal('allowed');
        expect(await named(DENY)).to.equal('explicitDeny');
        expect(await named(within, 'other')).to.equal('allowed');
        expect(await named(outside, 'other')).to.equal('implicitDeny');
      }),
    ],
  });

  scenario('PO-54', 'a Deny exempts the sessions of a role in NotPrincipal, unless the role has a boundary', {
    source: `${NOT_PRINCIPAL}: account and role must be named; principals with a permissions boundary are always denied`,
    // NotPrincipal exempts no role with a permissions boundary, so the run must not set one.
    needs: ['irsa', 'own-boundary'],
    roles: {
      app: irsaRole('app/app', allow('s3:GetObject', 'data/*')),
      stranger: irsaRole('app/app', allow('s3:GetObject', ['data/*', 'open/*'])),
      bounded: {
        ...irsaRole('app/app', allow('s3:GetObject', ['data/*', 'open/*'])),
        boundary: [allow('s3:GetObject', ['data/*', 'open/*'])],
      },
    },
    ...BY_TOKEN,
    buckets: {
      data: {
        policy: rawPolicy([
          denyAllBut('*', 'arn:aws:iam::<account:main>:root', '<role:app>', '<role:bounded>'),
          denyAllBut('of-role', '<role:app>'),
        ]),
      },
    },
    objects: ['data/key', 'data/of-role', 'open/key'],
    probes: [
      may(WEB, getObject('data/key')),
      mayNot(WEB, getObject('data/of-role'), DENIED_BY_BUCKET),
      ...['stranger', 'bounded'].flatMap((role) => [
        may({ ...WEB, role }, getObject('open/key')),
        mayNot({ ...WEB, role }, getObject('data/key'), DENIED_BY_BUCKET),
      ]),
    ],
  });
});
