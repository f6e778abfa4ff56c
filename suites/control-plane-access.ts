/** Whom a cluster takes for whom by `aws eks get-token`, access entries and access policies. */
import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  DeleteAccessEntryCommand,
  DescribeAccessEntryCommand,
  DisassociateAccessPolicyCommand,
  EKSClient,
} from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { check, recreateRole, deleteRole, suite, type CheckContext } from '../harness/index.ts';
import { ofOwnAccount, sessionOf } from './lib/account-session.ts';
import { errorOf } from './lib/errors.ts';
import { SELF_REVIEW } from './lib/rbac.ts';

const ENTRIES = 'Amazon EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries"';
const AUTHENTICATOR = 'aws-iam-authenticator, README: API authorization from outside a cluster, SessionName';

const PREFIX = 'k8s-aws-v1.';
const POLICIES = 'arn:aws:eks::aws:cluster-access-policy/';
const CLUSTER_ADMIN = `${POLICIES}AmazonEKSClusterAdminPolicy`;
const ADMIN = `${POLICIES}AmazonEKSAdminPolicy`;
const VIEW = `${POLICIES}AmazonEKSViewPolicy`;

/** Of a new session of a role: API servers remember for whom they took a token. */
const newToken = async (context: CheckContext, role: string) =>
  context.clusterToken('c1', await sessionOf(context, role));

const requestBy =
  ({ kubernetes }: CheckContext, token: string) =>
  (path: string, body?: object) =>
    kubernetes({
      ...{ method: body === undefined ? 'GET' : 'POST', path, ...(body && { body }) },
      ...{ headers: { Authorization: `Bearer ${token}` }, as: 'anonymous' },
    });

interface User {
  readonly username?: string;
  readonly groups?: readonly string[];
}

/** Whom the cluster takes the bearer for; nobody, where it does not let him in. */
async function userOf(context: CheckContext, token: string): Promise<User> {
  const { status, body } = await requestBy(context, token)(SELF_REVIEW.path, SELF_REVIEW.body);
  if (status !== 201) return {};
  return (JSON.parse(body) as { readonly status: { readonly userInfo: User } }).status.userInfo;
}

suite('control-plane', ({ scenario }) => {
  scenario('CP-28', 'an access entry says who a principal is, and a policy in cluster scope makes an administrator', {
    source: `${ENTRIES}; Amazon EKS User Guide, "Associate access policies with access entries"; ${AUTHENTICATOR}`,
    // The policies that are published for runs on AWS let nobody make access entries.
    needs: ['own-cluster', 'call-record'],
    roles: { dev: ofOwnAccount(), other: ofOwnAccount() },
    workloads: { app: { starts: 'later' }, there: { cluster: 'c2', starts: 'later' } },
    probes: [
      check('name, groups and rights of a session', async (context) => {
        const { name, clusterToken, eventually } = context;
        const eks = new EKSClient(await context.aws('eks'));
        const key = { clusterName: name('<cluster:c1>'), principalArn: name('<role:dev>') };
        const [here, all] = [`/api/v1/namespaces/${name('<namespace:app>')}/configmaps`, '/api/v1/secrets'];
        const mayRead = async (path: string, role = 'dev') =>
          (await requestBy(context, await newToken(context, role))(path)).status === 200;
        const rights = async () => [await mayRead(here), await mayRead(all)].join();
        const never = (what: string) =>
          eventually(
            () => mayRead(all),
            (may) => !may,
          ).then((may) => expect(may, what).to.equal(false));

        expect(await rights(), 'without an entry').to.equal('false,false');
        const make = (...kubernetesGroups: string[]) =>
          eks.send(new CreateAccessEntryCommand({ ...key, kubernetesGroups }));
        // Kubernetes keeps such groups to itself.
        expect(await errorOf(make('readers', 'system:masters'))).to.match(/^Invalid(Parameter|Request)Exception$/);
        await make('readers', 'writers');
        try {
          expect(await errorOf(make('others'))).to.equal('ResourceInUseException');
          // EKS gives sessions of a role names by itself.
          const { accessEntry } = await eks.send(new DescribeAccessEntryCommand(key));
          const byDefault = name('arn:aws:sts::<account:main>:assumed-role/<role-name:dev>/');
          expect(accessEntry).to.deep.include({
            ...{ ...key, type: 'STANDARD', kubernetesGroups: ['readers', 'writers'] },
            username: `${byDefault}{{SessionName}}`,
          });
          const look = async () => userOf(context, await newToken(context, 'dev'));
          const known = await eventually(look, ({ groups }) => groups?.includes('readers') ?? false);
          expect(known.groups).to.include.members(['readers', 'writers', 'system:authenticated']);
          expect(known.groups).not.to.include('system:masters');
          expect(known.username).to.equal(`${byDefault}ann-example.com`);
          expect(await rights(), 'without a policy').to.equal('false,false');

          const associate = (policyArn: string, ...namespaces: string[]) => {
            const accessScope =
              namespaces.length === 0 ? { type: 'cluster' as const } : { type: 'namespace' as const, namespaces };
            return eks.send(new AssociateAccessPolicyCommand({ ...key, policyArn, accessScope }));
          };
          for (const policyArn of [ADMIN, CLUSTER_ADMIN]) {
            // In the scope of a namespace, no policy gives rights beyond it.
            await associate(policyArn, name('<namespace:app>'));
            expect(await mayRead(all), `${policyArn} for a namespace`).to.equal(false);
            await associate(policyArn);
            expect(await eventually(rights, (seen) => seen === 'true,true'), policyArn).to.equal('true,true');
            expect(await mayRead(here, 'other'), 'another role').to.equal(false);
            // Associated again, it has the new scope alone.
            await associate(policyArn, name('<namespace:app>'));
            await never(`${policyArn} in a narrower scope`);
            await associate(policyArn);
            expect(await eventually(rights, (seen) => seen === 'true,true'), policyArn).to.equal('true,true');
            await eks.send(new DisassociateAccessPolicyCommand({ ...key, policyArn }));
            await never(`${policyArn}, which is associated no more`);
          }
          await associate(VIEW);
          await never('to view alone');

          await associate(CLUSTER_ADMIN);
          expect(await eventually(() => mayRead(all), Boolean)).to.equal(true);
          const token = await newToken(context, 'dev');
          const url = Buffer.from(token.slice(PREFIX.length), 'base64url').toString();
          const tokenOf = (text: string) => `${PREFIX}${Buffer.from(text).toString('base64url')}`;
          const status = async (bearer: string) => (await requestBy(context, bearer)(all)).status;
          expect(await status(tokenOf(url)), 'as it was').to.equal(200);
          for (const [what, bad] of Object.entries({
            'of another cluster': await clusterToken('c2', await sessionOf(context, 'dev')),
            'without its prefix': token.slice(PREFIX.length),
            'of another action': tokenOf(url.replace('GetCallerIdentity', 'GetAccessKeyInfo')),
            'with a parameter more': tokenOf(`${url}&X-More=1`),
            'that lives longer': tokenOf(url.replace('X-Amz-Expires=900', 'X-Amz-Expires=899')),
            'of another path': tokenOf(url.replace('/?', '/x?')),
          })) {
            expect(bad, what).not.to.equal(token);
            expect(await status(bad), `a token ${what}`).to.equal(401);
          }
        } finally {
          await eks.send(new DeleteAccessEntryCommand(key));
        }
        await never('when the entry is gone');
        await eks.send(new CreateAccessEntryCommand({ ...key, username: 'team:{{SessionName}}' }));
        try {
          const look = async () => (await userOf(context, await newToken(context, 'dev'))).username;
          const wanted = 'team:ann-example.com';
          expect(await eventually(look, (username) => username === wanted)).to.equal(wanted);
          await never('by an entry that is another one');
        } finally {
          await eks.send(new DeleteAccessEntryCommand(key));
        }
      }),
    ],
  });

  scenario('CP-29', 'an access entry is of no use to a role that is made again under its name', {
    source: 'Amazon EKS User Guide, "Create access entries": EKS stores the unique id of the principal with an entry',
    needs: ['own-cluster', 'call-record'],
    roles: { dev: ofOwnAccount() },
    probes: [
      check('of the role as it was', async (context) => {
        const { eks, key, isReader } = await devOf(context);
        await eks.send(new CreateAccessEntryCommand({ ...key, kubernetesGroups: ['readers'] }));
        expect(await context.eventually(isReader, Boolean)).to.equal(true);
      }),
      deleteRole('dev'),
      recreateRole('dev'),
      check('nor of the one that has its name now', async (context) => {
        const { eks, key, isReader } = await devOf(context);
        expect(await context.eventually(isReader, (reads) => !reads)).to.equal(false);
        await eks.send(new DeleteAccessEntryCommand(key));
      }),
    ],
  });
});

/** Role dev: its entry, and whether the cluster takes its sessions for those of a reader. */
async function devOf(context: CheckContext) {
  const { name } = context;
  return {
    eks: new EKSClient(await context.aws('eks')),
    key: { clusterName: name('<cluster:c1>'), principalArn: name('<role:dev>') },
    isReader: async () => (await userOf(context, await newToken(context, 'dev'))).groups?.includes('readers') ?? false,
  };
}
