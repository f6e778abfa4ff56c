/** Access entries and access policies: how a cluster maps callers of `aws eks get-token` to users. */
import { type AccessScope, EKS } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { allow, check, deleteRole, deny, recreateRole, suite, type CheckContext } from '../../harness/index.ts';
import { PREFIX, signedLike, tokenOf, urlOf } from './lib/cluster-token.ts';
import { eksOf, ofOwnAccount, sessionOf } from '../lib/account-session.ts';
import { BAD_REQUEST, errorOf, taken } from '../lib/errors.ts';
import { SELF_REVIEW } from '../lib/rbac.ts';

const ENTRIES = 'Amazon EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries"';
const AUTHENTICATOR = 'aws-iam-authenticator, README: API authorization from outside a cluster, SessionName';
const POLICIES = 'arn:aws:eks::aws:cluster-access-policy/';
const CLUSTER_ADMIN = `${POLICIES}AmazonEKSClusterAdminPolicy`;
const ADMIN = `${POLICIES}AmazonEKSAdminPolicy`;
const EDIT = `${POLICIES}AmazonEKSEditPolicy`;
const VIEW = `${POLICIES}AmazonEKSViewPolicy`;
const ADMIN_VIEW = `${POLICIES}AmazonEKSAdminViewPolicy`;
const CLUSTER_ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
/** Returns a token of a new session, because API servers cache the user of a token. */
const newToken = async (context: CheckContext, role: string) =>
  context.clusterToken('c1', await sessionOf(context, role));
const requestBy =
  ({ kubernetes }: CheckContext, token: string) =>
  (path: string, body?: object) =>
    kubernetes({
      method: body === undefined ? 'GET' : 'POST',
      path,
      ...(body && { body }),
      headers: { Authorization: `Bearer ${token}` },
      as: 'anonymous',
    });
interface User {
  readonly username?: string;
  readonly groups?: readonly string[];
}
/** Returns the user of the token, or an empty object if the cluster rejects it. */
async function userOf(context: CheckContext, token: string): Promise<User> {
  const { status, body } = await requestBy(context, token)(SELF_REVIEW.path, SELF_REVIEW.body);
  if (status !== 201) return {};
  return (JSON.parse(body) as { readonly status: { readonly userInfo: User } }).status.userInfo;
}
/** Returns the scope of an access policy: these namespaces, or the whole cluster. */
const scopeOf = (namespaces: readonly string[]): AccessScope =>
  namespaces.length === 0 ? { type: 'cluster' } : { type: 'namespace', namespaces: [...namespaces] };

suite('eks-api', ({ scenario }) => {
  scenario('CP-28', 'an access entry maps a principal to a user, and access policies define its rights', {
    keywords: ['aws-auth'],
    source: `${ENTRIES}; Amazon EKS User Guide, "Associate access policies with access entries"; ${AUTHENTICATOR}`,
    // The published policies for runs on AWS do not allow access entries.
    needs: ['own-cluster', 'call-record'],
    roles: { dev: ofOwnAccount(), other: ofOwnAccount() },
    workloads: { app: { starts: 'later' }, there: { cluster: 'c2', starts: 'later' } },
    probes: [
      check('a session gets the name, groups and rights of its entry', async (context) => {
        const { name, clusterToken, eventually } = context;
        const eks = new EKS(await context.aws('eks'));
        const key = { clusterName: name('<cluster:c1>'), principalArn: name('<role:dev>') };
        const [here, all] = [`/api/v1/namespaces/${name('<namespace:app>')}/configmaps`, '/api/v1/secrets'];
        const bindings = name('/apis/rbac.authorization.k8s.io/v1/namespaces/<namespace:app>/rolebindings');
        const mayRead = async (path: string, role = 'dev') =>
          (await requestBy(context, await newToken(context, role))(path)).status === 200;
        const rights = async () => [await mayRead(here), await mayRead(all)].join();
        const never = async (what: string) => {
          const mayReadAll = () => mayRead(all);
          expect(await eventually(mayReadAll, (may) => !may), what).to.equal(false);
        };

        const stranger = await requestBy(context, await newToken(context, 'dev'))(here);
        expect(stranger.status, 'without an entry').to.equal(401);
        const make = (...kubernetesGroups: string[]) => eks.createAccessEntry({ ...key, kubernetesGroups });
        // Kubernetes reserves groups with the prefix "system:".
        expect(await errorOf(make('readers', 'system:masters'))).to.match(BAD_REQUEST);
        await taken(make('readers', 'writers'), 'two groups');
        try {
          expect(await errorOf(make('others'))).to.equal('ResourceInUseException');
          // EKS sets a default user name for sessions of a role.
          const { accessEntry } = await eks.describeAccessEntry(key);
          const byDefault = name('arn:aws:sts::<account:main>:assumed-role/<role-name:dev>/');
          expect(accessEntry).to.deep.include({
            ...key,
            type: 'STANDARD',
            kubernetesGroups: ['readers', 'writers'],
            username: `${byDefault}{{SessionName}}`,
          });
          const look = async () => userOf(context, await newToken(context, 'dev'));
          const known = await eventually(look, ({ groups }) => groups?.includes('readers') ?? false);
          expect(known.groups).to.include.members(['readers', 'writers', 'system:authenticated']);
          expect(known.groups).not.to.include('system:masters');
          expect(known.username).to.equal(`${byDefault}ann-example.com`);
          expect(await rights(), 'without a policy').to.equal('false,false');

          const associate = (policyArn: string, ...namespaces: string[]) => {
            const asked = { ...key, policyArn, accessScope: scopeOf(namespaces) };
            return taken(eks.associateAccessPolicy(asked), policyArn);
          };
          for (const policyArn of [ADMIN, CLUSTER_ADMIN]) {
            // A policy in namespace scope grants no rights outside the namespace.
            await associate(policyArn, name('<namespace:app>'));
            expect(await mayRead(all), `${policyArn} for a namespace`).to.equal(false);
            await associate(policyArn);
            expect(await eventually(rights, (seen) => seen === 'true,true'), policyArn).to.equal('true,true');
            expect(await mayRead(here, 'other'), `${policyArn}: another role`).to.equal(false);
            expect(await mayRead(CLUSTER_ROLES), `${policyArn}: cluster roles`).to.equal(policyArn === CLUSTER_ADMIN);
            expect(await mayRead(bindings), `${policyArn}: role bindings`).to.equal(true);
            // A repeated association replaces the scope.
            await associate(policyArn, name('<namespace:app>'));
            await never(`${policyArn} in a narrower scope`);
            await associate(policyArn);
            expect(await eventually(rights, (seen) => seen === 'true,true'), policyArn).to.equal('true,true');
            await taken(eks.disassociateAccessPolicy({ ...key, policyArn }), policyArn);
            await never(`${policyArn} after disassociation`);
          }
          await associate(EDIT);
          expect(await eventually(rights, (seen) => seen === 'true,true'), 'the edit policy').to.equal('true,true');
          expect(await mayRead(bindings), 'role bindings with the edit policy').to.equal(false);
          await taken(eks.disassociateAccessPolicy({ ...key, policyArn: EDIT }), EDIT);
          await never('the edit policy after disassociation');
          await associate(VIEW);
          expect(await eventually(() => mayRead(here), Boolean), 'the view policy').to.equal(true);
          expect(await rights(), 'only the view policy').to.equal('true,false');
          await associate(ADMIN_VIEW);
          expect(await eventually(() => mayRead(CLUSTER_ROLES), Boolean), 'the admin view policy').to.equal(true);
          expect(await rights(), 'the admin view policy').to.equal('true,true');
          await taken(eks.disassociateAccessPolicy({ ...key, policyArn: ADMIN_VIEW }), ADMIN_VIEW);
          await never('the admin view policy after disassociation');

          await associate(CLUSTER_ADMIN);
          expect(await eventually(() => mayRead(all), Boolean), 'the cluster admin policy').to.equal(true);
          const session = await sessionOf(context, 'dev');
          const token = await clusterToken('c1', session);
          const headers = { 'x-k8s-aws-id': key.clusterName };
          const url = urlOf(token);
          const status = async (bearer: string) => (await requestBy(context, bearer)(all)).status;
          expect(await status(tokenOf(url)), 'the original token').to.equal(200);
          const like = async (more: Partial<Parameters<typeof signedLike>[2]>) =>
            tokenOf(await signedLike(url, session, { headers, ...more }));
          const { region } = await context.aws('sts');
          const at = async (host: string) =>
            tokenOf(await signedLike(url.replace(/^\w+:\/\/[^/]+/, `https://${host}`), session, { headers }));
          const sts = `sts.${region}.amazonaws.com`;
          expect(await status(await like({ age: 780 })), 'a token of 13 minutes').to.equal(200);
          expect(await status(await at(sts)), "a token for STS's own address").to.equal(200);
          for (const [what, bad] of Object.entries({
            'of another cluster': await clusterToken('c2', await sessionOf(context, 'dev')),
            'without its prefix': token.slice(PREFIX.length),
            'with a changed lifetime': tokenOf(url.replace('X-Amz-Expires=900', 'X-Amz-Expires=899')),
            'for another path': tokenOf(url.replace('/?', '/x?')),
            // Correctly signed, but a cluster rejects these.
            'for another action': await like({ query: { Action: 'GetAccessKeyInfo' } }),
            'with an additional parameter': await like({ query: { 'X-More': '1' } }),
            'without a cluster name': await like({ headers: {} }),
            'valid for more than fifteen minutes': await like({ seconds: 901 }),
            'older than fifteen minutes': await like({ age: 960 }),
            'dated more than fifteen minutes ahead': await like({ age: -960 }),
            "for a host that begins like STS's": await at(`${sts}.example.com`),
            "for a host that ends like STS's": await at(`example-${sts}`),
            'for STS at another port': await at(`${sts}:8443`),
          })) {
            expect(bad, what).not.to.equal(token);
            expect(await status(bad), `a token ${what}`).to.equal(401);
          }
        } finally {
          await eks.deleteAccessEntry(key);
        }
        await never('after deletion of the entry');
        await eks.createAccessEntry({ ...key, username: 'team:{{SessionName}}:{{SessionNameRaw}}' });
        try {
          const look = async () => (await userOf(context, await newToken(context, 'dev'))).username;
          const wanted = 'team:ann-example.com:ann@example.com';
          expect(await eventually(look, (username) => username === wanted)).to.equal(wanted);
          await never('with a different entry');
        } finally {
          await eks.deleteAccessEntry(key);
        }
      }),
    ],
  });

  scenario('CP-29', 'a recreated role with the same name cannot use the access entry of the old role', {
    source: 'Amazon EKS User Guide, "Create access entries": EKS stores the unique id of the principal with an entry',
    needs: ['own-cluster', 'call-record'],
    roles: { dev: ofOwnAccount() },
    probes: [
      check('the original role is a reader', async (context) => {
        const { eks, key, isReader } = await devOf(context);
        await eks.createAccessEntry({ ...key, kubernetesGroups: ['readers'] });
        expect(await context.eventually(isReader, Boolean), 'is reader').to.equal(true);
      }),
      deleteRole('dev'),
      recreateRole('dev'),
      check('the recreated role is not a reader', async (context) => {
        const { eks, key, isReader } = await devOf(context);
        expect(await context.eventually(isReader, (reads) => !reads), 'is reader').to.equal(false);
        await eks.deleteAccessEntry(key);
      }),
    ],
  });

  scenario('CP-31', 'creating access entries can be limited by principal, group, name, policy and scope', {
    source: `Service Authorization Reference, Amazon EKS: condition keys of access entries; ${ENTRIES}; Amazon EKS User Guide, "Create access entries"`,
    needs: ['own-cluster', 'call-record'],
    roles: {
      dev: ofOwnAccount(),
      other: ofOwnAccount(),
      deep: { ...ofOwnAccount(), path: '/conformance-apps/red/' },
      far: { ...ofOwnAccount(), account: 'other' },
      keeper: ofOwnAccount(
        allow('eks:*', '*'),
        deny('eks:CreateAccessEntry', '*', { ArnEquals: { 'eks:principalArn': '<role:other>' } }),
        deny('eks:CreateAccessEntry', '*', { 'ForAnyValue:StringEquals': { 'eks:kubernetesGroups': 'admins' } }),
        deny('eks:CreateAccessEntry', '*', { StringLike: { 'eks:username': 'admin*' } }),
        deny('eks:CreateAccessEntry', '*', { StringNotEquals: { 'eks:accessEntryType': 'STANDARD' } }),
        deny('eks:CreateAccessEntry', '*', { StringEquals: { 'aws:RequestTag/team': 'blue' } }),
        deny('eks:*AccessPolicy', '*', { ArnEquals: { 'eks:policyArn': CLUSTER_ADMIN } }),
        deny('eks:*AccessPolicy', '*', { StringEquals: { 'eks:accessScope': 'cluster' } }),
        deny('eks:*AccessPolicy', '*', { 'ForAnyValue:StringEquals': { 'eks:namespaces': 'kube-system' } }),
        deny('eks:DescribeAccessEntry', '*', { 'ForAnyValue:StringEquals': { 'eks:kubernetesGroups': 'readers' } }),
        deny('eks:DeleteAccessEntry', '*', { StringEquals: { 'aws:ResourceTag/team': 'red' } }),
        deny('eks:ListAssociatedAccessPolicies', '*', { StringEquals: { 'eks:clusterName': '<cluster:c1>' } }),
      ),
    },
    probes: [
      check('each condition key limits requests', async (context) => {
        const { name } = context;
        const eks = new EKS(await context.aws('eks'));
        const keeper = await eksOf(context, 'keeper');
        const clusterName = name('<cluster:c1>');
        const key = { clusterName, principalArn: name('<role:dev>') };
        const create = (more: object) => keeper.createAccessEntry({ ...key, ...more });
        try {
          for (const [what, more] of Object.entries({
            'another principal': { principalArn: name('<role:other>') },
            'a group': { kubernetesGroups: ['readers', 'admins'] },
            'a name': { username: 'admin-1' },
            'a type': { type: 'EC2_LINUX' },
            'a tag': { tags: { team: 'blue' } },
          }))
            expect(await errorOf(create(more)), what).to.equal('AccessDeniedException');
          for (const more of [
            { principalArn: `${key.principalArn}-absent` },
            { principalArn: name('arn:aws:sts::<account:main>:assumed-role/<role-name:dev>/ann') },
            // Kubernetes and EKS reserve these prefixes, and a session name must follow a colon.
            ...['system:admin', 'eks:admin', 'john{{SessionName}}'].map((username) => ({ username })),
          ])
            expect(await errorOf(create(more)), JSON.stringify(more)).to.match(BAD_REQUEST);
          const good = { kubernetesGroups: ['readers'], username: 'reader', tags: { team: 'red' } };
          const once = { ...good, clientRequestToken: `${name('<namespace:app>')}-once` };
          await taken(create(once), 'a request that no statement denies');
          await taken(create(once), 'the repeated request');
          const { accessEntry } = await eks.describeAccessEntry(key);
          expect(accessEntry).to.deep.include({ ...key, ...good, type: 'STANDARD' });
          const { accessEntries } = await eks.listAccessEntries({ clusterName });
          expect(accessEntries).to.include(key.principalArn).and.not.to.include(name('<role:other>'));

          const associate = (by: EKS, policyArn: string, ...namespaces: readonly string[]) =>
            by.associateAccessPolicy({ ...key, policyArn, accessScope: scopeOf(namespaces) });
          const disassociate = (policyArn: string) => keeper.disassociateAccessPolicy({ ...key, policyArn });
          const denied = [[CLUSTER_ADMIN, 'red'], [VIEW], [VIEW, 'red', 'kube-system']] as const;
          for (const [policyArn, ...namespaces] of denied) {
            const error = await errorOf(associate(keeper, policyArn, ...namespaces));
            expect(error, [policyArn, ...namespaces].join()).to.equal('AccessDeniedException');
          }
          await taken(associate(keeper, VIEW, 'red'), 'the view policy for one namespace');
          await associate(eks, CLUSTER_ADMIN, 'red');
          const { associatedAccessPolicies } = await eks.listAssociatedAccessPolicies(key);
          expect(associatedAccessPolicies?.map(({ policyArn }) => policyArn)).to.have.members([CLUSTER_ADMIN, VIEW]);
          for (const { policyArn, accessScope } of associatedAccessPolicies ?? [])
            expect(accessScope, policyArn).to.deep.equal({ type: 'namespace', namespaces: ['red'] });
          expect(await errorOf(disassociate(CLUSTER_ADMIN))).to.equal('AccessDeniedException');
          await taken(disassociate(VIEW), 'disassociation of the view policy');

          expect(await errorOf(keeper.describeAccessEntry(key))).to.equal('AccessDeniedException');
          expect(await errorOf(keeper.listAssociatedAccessPolicies(key))).to.equal('AccessDeniedException');
          const remove = () => errorOf(keeper.deleteAccessEntry(key));
          expect(await remove(), 'deletion of the tagged entry').to.equal('AccessDeniedException');
          const at = { resourceArn: accessEntry?.accessEntryArn };
          const { tags } = await taken(eks.listTagsForResource(at), 'the tags of the entry');
          expect(tags).to.deep.equal(good.tags);
          await eks.untagResource({ ...at, tagKeys: ['team'] });
          expect(await remove(), 'deletion of the untagged entry').to.equal('none');
        } finally {
          for (const principalArn of [key.principalArn, name('<role:other>')])
            await errorOf(eks.deleteAccessEntry({ clusterName, principalArn }));
        }
      }),
      check('an entry for nodes has no groups and no access policies', async (context) => {
        const { name } = context;
        const eks = new EKS(await context.aws('eks'));
        const key = { clusterName: name('<cluster:c1>'), principalArn: name('<role:other>') };
        const nodes = { ...key, type: 'EC2_LINUX' };
        const grouped = { ...nodes, kubernetesGroups: ['readers'] };
        expect(await errorOf(eks.createAccessEntry(grouped))).to.match(BAD_REQUEST);
        const { accessEntry } = await eks.createAccessEntry(nodes);
        try {
          expect(accessEntry?.type).to.equal('EC2_LINUX');
          const associate = { ...key, policyArn: VIEW, accessScope: scopeOf([]) };
          expect(await errorOf(eks.associateAccessPolicy(associate))).to.match(BAD_REQUEST);
        } finally {
          await eks.deleteAccessEntry(key);
        }
      }),
      check('an entry matches path and account of a role, and session names omit the path', async (context) => {
        const { name, eventually } = context;
        const eks = new EKS(await context.aws('eks'));
        for (const [role, account] of Object.entries({ deep: 'main', far: 'other' })) {
          const key = { clusterName: name('<cluster:c1>'), principalArn: name(`<role:${role}>`) };
          await taken(eks.createAccessEntry({ ...key, kubernetesGroups: ['readers'] }), role);
          try {
            const look = async () => userOf(context, await newToken(context, role));
            const known = await eventually(look, ({ groups }) => groups?.includes('readers') ?? false);
            expect(known.groups, role).to.include('readers');
            const arn = `arn:aws:sts::<account:${account}>:assumed-role/<role-name:${role}>/ann-example.com`;
            expect(known.username, role).to.equal(name(arn));
          } finally {
            await eks.deleteAccessEntry(key);
          }
        }
      }),
    ],
  });
});

/** Returns the entry of role `dev`, and whether its sessions are in group `readers`. */
async function devOf(context: CheckContext) {
  const { name } = context;
  return {
    eks: new EKS(await context.aws('eks')),
    key: { clusterName: name('<cluster:c1>'), principalArn: name('<role:dev>') },
    isReader: async () => (await userOf(context, await newToken(context, 'dev'))).groups?.includes('readers') ?? false,
  };
}
