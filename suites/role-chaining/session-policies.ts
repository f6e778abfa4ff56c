/** Session policies of AssumeRole. */
import {
  allow,
  assumeByToken,
  assumeRole,
  between,
  chain,
  chained,
  getObject,
  irsaRole,
  putObject,
  succeeds,
  suite,
  trustRole,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { MALFORMED_POLICY, NOT_ALLOWED, NOT_ASSUMED, NOT_IN_SESSION_POLICY } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { ALL_OF_S3, allowsOnly, REQUIRED_PERMISSIONS } from '../lib/s3-operations.ts';
import { ASSUME_ROLE, WEB_IDENTITY } from '../lib/sources.ts';
import { APP, ASSUME_AND_TAG, BY_TOKEN, READ_ONLY } from '../lib/worlds.ts';
import { BAD_REQUEST, named, TOO_LARGE } from './lib/requests.ts';

const web = { role: 'web', token: 'web' };
const NODES = 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy';
const TEN = [
  'AdministratorAccess',
  'AmazonS3FullAccess',
  'AmazonS3ReadOnlyAccess',
  'AmazonEC2ContainerRegistryReadOnly',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEKSClusterPolicy',
  'AmazonEKSWorkerNodeMinimalPolicy',
  'AmazonEKS_CNI_Policy',
  'AmazonEKSComputePolicy',
  'AmazonEKSNetworkingPolicy',
].map((name) => `arn:aws:iam::aws:policy/${name}`);
const readA = allow('s3:GetObject', 'data/a');
/** Returns a session of `target` with these session policies. */
const narrowed = (options: Parameters<typeof chain>[1]) => chained(web, chain('target', options));
const limitedTo = (actions: string) => chained('app', chain('target', { policy: [allow(actions, '*')] }));
const toAandC = chain('target', { policy: [allow('s3:*', ['data/a', 'data/c'])] });
const reading = narrowed({ policyArns: [READ_ONLY] });
const both = narrowed({ policyArns: [READ_ONLY], policy: [allow('s3:PutObject', 'data/b')] });

suite('role-chaining', ({ scenario }) => {
  scenario('RC-02', 'a session policy of AssumeRole limits the session, and grants nothing', {
    source: `${ASSUME_ROLE}, Policy`,
    roles: {
      app: base('target'),
      target: target(undefined, allow('s3:GetObject', ['data/a', 'data/b']), allow(ASSUME_AND_TAG, '<role:next>')),
      next: { trust: [trustRole('target')], permissions: [allow('s3:GetObject', 'data/c')] },
    },
    workloads: APP,
    objects: ['data/a', 'data/b', 'data/c'],
    probes: [
      may('app', getObject('data/b', { through: chain('target') })),
      may('app', getObject('data/a', { through: toAandC })),
      mayNot('app', getObject('data/b', { through: toAandC }), NOT_IN_SESSION_POLICY),
      mayNot('app', getObject('data/c', { through: toAandC }), NOT_ALLOWED),
      // A session policy does not limit the next session of the chain, if it allows that session.
      may(limitedTo('sts:*'), getObject('data/c', { through: chain('next') })),
      mayNot(limitedTo('s3:*'), assumeRole('next'), NOT_ASSUMED),
    ],
  });

  scenario('RC-10', 'managed session policies also limit a session, together with an inline one', {
    source: `${ASSUME_ROLE}, Policy and PolicyArns; IAM User Guide, "Policies and permissions in IAM": session policies`,
    needs: ['irsa'],
    roles: {
      web: irsaRole('app/app', allow(ASSUME_AND_TAG, named('target', 'far'))),
      target: {
        trust: [trustRole('web')],
        permissions: [allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], 'data/*')],
        attached: [readA],
      },
      far: { account: 'other', trust: [trustRole('web')], attached: [readA] },
    },
    ...BY_TOKEN,
    objects: ['data/a'],
    probes: [
      may(web, putObject('data/b', { through: chain('target') })),
      may(reading, getObject('data/a')),
      mayNot(reading, putObject('data/b'), NOT_IN_SESSION_POLICY),
      may(both, getObject('data/a')),
      may(both, putObject('data/b')),
      mayNot(both, putObject('data/c'), NOT_IN_SESSION_POLICY),
      // Each of several policies can allow a request.
      may(web, getObject('data/a', { through: chain('target', { policyArns: [NODES, READ_ONLY] }) })),
      may(web, assumeRole('target', { policyArns: [READ_ONLY] }), { packedPolicySize: between(1, 99) }),
      may(web, assumeRole('target', { policy: [readA] }), { packedPolicySize: between(1, 99) }),
      mayNot(web, assumeRole('target', { policyArns: [`${READ_ONLY}-absent`] }), BAD_REQUEST),
      // The policy must be in the account of the role, not of the caller.
      may(web, assumeRole('far', { policyArns: [attachedTo('far', 'other')] })),
      may(web, assumeRole('target', { policyArns: [attachedTo('target', 'main')] })),
      mayNot(web, assumeRole('far', { policyArns: [attachedTo('target', 'main')] }), BAD_REQUEST),
      may(web, assumeRole('target', { policyArns: TEN })),
      mayNot(web, assumeRole('target', { policyArns: Array.from({ length: 11 }, () => READ_ONLY) }), BAD_REQUEST),
      ...[allow('GetObject', 'data/a'), { ...readA, principal: '*' } as const].map((wrong) =>
        mayNot(web, assumeRole('target', { policy: [wrong] }), MALFORMED_POLICY),
      ),
      // Longer than 2,048 characters, but small when packed.
      mayNot(web, assumeRole('target', { policy: [allow('s3:GetObject', longList(40))] }), BAD_REQUEST),
      may(web, assumeRole('target', { policy: [allow('s3:GetObject', longList(20))] })),
      mayNot(web, assumeRole('target', { policy: [allow('s3:GetObject', unlike(40))] }), TOO_LARGE),
    ],
  });

  scenario('RC-16', 'a session policy that allows one action of S3 denies all other operations', {
    source: `${ASSUME_ROLE}, Policy and PolicyArns; ${WEB_IDENTITY}, Policy; ${REQUIRED_PERMISSIONS}`,
    needs: ['irsa', 'own-boundary'],
    roles: {
      web: {
        ...irsaRole('app/app', ...ALL_OF_S3, allow(ASSUME_AND_TAG, '<role:target>')),
        attached: [allow('s3:PutObject', '*')],
      },
      target: { trust: [trustRole('web')], permissions: ALL_OF_S3 },
    },
    ...BY_TOKEN,
    objects: ['data/key'],
    probes: [
      ...allowsOnly('s3:ListBucket', narrowed({ policy: [allow('s3:ListBucket', '*')] })),
      succeeds(assumeByToken('web', 'web', { policyArns: [attachedTo('web', 'main')] })),
      ...allowsOnly('s3:PutObject', web),
    ],
  });
});

/** Returns the ARN of the customer managed policy of a role. */
function attachedTo(role: string, account: string): string {
  return `arn:aws:iam::<account:${account}>:policy/<role-name:${role}>-attached`;
}

/** Returns resources that are long together, but small when packed. */
function longList(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `arn:aws:s3:::conformance-${'x'.repeat(30)}-${at}/*`);
}

/** Returns resources that do not compress. */
function unlike(count: number): string[] {
  const name = (seed: number): string =>
    Array.from({ length: 24 }, (_, at) => ((seed * 7919 + at * at * 104_729) % 36).toString(36)).join('');
  return Array.from({ length: count }, (_, at) => `arn:aws:s3:::${name(at + 1)}`);
}
