import { CreateOpenIDConnectProviderCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  collectedCluster,
  credentialsIn,
  ROLES,
  SECRET_VALUE,
  type CollectedCluster,
} from '../../test/support/collected-cluster.ts';
import { rejection } from '../../test/support/kind.ts';
import { KUBERNETES_RIGHTS, withoutRight } from '../../test/support/without-right.ts';
import { EVERYTHING } from '../../scripts/cloud/cloud.ts';
import { CHECKS } from '../checks/index.ts';
import { isUnread, judge } from '../judge/judge.ts';
import { writeSnapshot } from '../snapshot/file.ts';
import type { ClusterSnapshot, Gap } from '../snapshot/snapshot.ts';
import { AWS_CALLS, CHECK_RIGHTS } from './calls.ts';
import { clusterRole, collect, policyDocument, type CollectOptions } from './index.ts';

const AWS_OPERATIONS = Object.keys(AWS_CALLS).map((right) => right.replace(':', ' '));

describe('collect', () => {
  let site: CollectedCluster;
  before(async () => (site = await collectedCluster()));
  after(() => site.close());

  /** Collects the cluster in a context that names nothing, so that it is found by its endpoint. */
  async function collected(options: Partial<CollectOptions> = {}): Promise<ClusterSnapshot> {
    const kubeconfig = site.kubeconfig({ prod: { user: { token: site.token } } });
    const { clusters } = await collect({ ...site.options, kubeconfig, ...options });
    return clusters[0] as ClusterSnapshot;
  }
  const gapsOf = (gaps: readonly Gap[]): readonly string[] =>
    gaps.map(({ right, object = '', reason }) => `${right} ${object} ${reason}`.replace('  ', ' ')).sort();
  /** The gaps with all rights. */
  const USUAL = [`iam:GetRole arn:aws:iam::444455556666:role/app another account`];

  describe('reads', () => {
    let snapshot: ClusterSnapshot;
    let calls: readonly string[];
    before(async () => {
      await site.cloud.setPolicy(JSON.stringify(policyDocument()));
      const earlier = site.cloud.calls().length;
      snapshot = await collected();
      calls = site.cloud
        .calls()
        .slice(earlier)
        .map(({ service, operation }) => `${service} ${operation}`);
    });

    it('everything with the rights of policyDocument and clusterRole', () => {
      expect(gapsOf(snapshot.gaps)).to.deep.equal(USUAL);
    });

    it('only by calls that read, and uses every call that the rights allow', () => {
      // The emulated AWS has no API of Organizations.
      expect([...new Set(calls)].filter((one) => one !== 's3 Unknown')).to.have.members(AWS_OPERATIONS);
      const ofKubernetes = [...new Set(site.kubernetesCalls)];
      expect(ofKubernetes).to.have.members([...KUBERNETES_RIGHTS, 'get /version']);
      expect(ofKubernetes.filter((call) => !/^(get|list) /.test(call) || call.includes('secrets'))).to.deep.equal([]);
    });

    it('roles of associations, annotations and nodes, with policies where they decide', () => {
      const { roles = {}, associations, instanceProfiles = {} } = snapshot.aws ?? {};
      const [nodeRole = ''] = Object.values(instanceProfiles);
      expect(Object.keys(roles)).to.have.members([
        ...['ledger', 'target', 'reports', 'gone'].map((name) => `${ROLES}/${name}`),
        nodeRole,
      ]);
      expect(roles[`${ROLES}/gone`]).to.equal(null);
      const { tags, policies, permissionsBoundary, trustPolicy = '' } = roles[`${ROLES}/ledger`] ?? {};
      expect(tags).to.deep.equal({ team: 'blue' });
      expect(JSON.parse(trustPolicy)).to.have.nested.property(
        'Statement[0].Principal.Service',
        'pods.eks.amazonaws.com',
      );
      expect(Object.keys(policies ?? {})).to.have.members(['chain', 'AmazonEKSWorkerNodePolicy']);
      expect(permissionsBoundary).to.contain('"Action":"*"');
      expect(roles[nodeRole]?.policies).to.include.keys('AmazonEKSWorkerNodePolicy');
      expect(roles[`${ROLES}/reports`]).to.not.have.property('policies');
      expect(associations).to.have.lengthOf(1);
      expect(associations?.[0]).to.include({
        namespace: 'payments',
        serviceAccount: 'ledger',
        targetRoleArn: `${ROLES}/target`,
        disableSessionTags: false,
      });
    });

    it('the cluster, its provider, and the metadata options of its nodes', () => {
      const { aws, kubernetes } = snapshot;
      expect(aws?.cluster).to.include({ name: 'blue', autoMode: false, issuer: kubernetes.issuer });
      expect(aws?.oidcProviders?.map(({ url, clientIds }) => ({ url, clientIds }))).to.deep.equal([
        { url: kubernetes.issuer?.replace('https://', ''), clientIds: ['sts.amazonaws.com'] },
      ]);
      expect(aws?.instances).to.have.lengthOf(1);
      expect(aws?.instances?.[0]?.hopLimit).to.be.a('number');
      expect(aws?.addons?.map(({ name, status }) => ({ name, status }))).to.deep.equal([
        { name: 'eks-pod-identity-agent', status: 'ACTIVE' },
      ]);
    });

    it('pods without values of variables, and only annotations of EKS', () => {
      const [pod] = snapshot.kubernetes.pods?.filter(({ metadata }) => metadata.name === 'ledger') ?? [];
      const env = pod?.containers[0]?.env ?? [];
      expect(env.slice(0, 3)).to.deep.equal([
        { name: 'PASSWORD' },
        { name: 'AWS_REGION', value: 'us-west-2' },
        { name: 'FROM_SECRET' },
      ]);
      expect(env.find(({ name }) => name === 'AWS_CONTAINER_CREDENTIALS_FULL_URI')?.value).to.match(/^http:/);
      const [reports] =
        snapshot.kubernetes.serviceAccounts?.filter(({ metadata }) => metadata.name === 'reports') ?? [];
      expect(reports?.metadata.annotations).to.deep.equal({ 'eks.amazonaws.com/role-arn': `${ROLES}/reports` });
      const file = join(site.folder, 'snapshot.json');
      writeSnapshot(file, { version: 1, clusters: [snapshot] });
      const text = readFileSync(file, 'utf8');
      for (const secret of [SECRET_VALUE, 'not collected', site.token]) expect(text).to.not.contain(secret);
    });
  });

  it('has all rights that checks need', () => {
    const known = [...Object.keys(CHECK_RIGHTS), ...KUBERNETES_RIGHTS];
    for (const { id, rights } of CHECKS) for (const right of rights) expect(known, id).to.include(right);
  });

  let whole: ClusterSnapshot;
  before(async () => {
    await site.cloud.setPolicy(JSON.stringify(policyDocument()));
    whole = await collected();
  });
  // The emulated AWS has no API of Organizations.
  for (const { Sid, Action: actions } of policyDocument(AWS_CALLS).Statement)
    for (const action of actions)
      it(`leaves a gap without ${action}`, async () => {
        const { Statement, ...rest } = policyDocument();
        const less = Statement.map((one) => ({
          ...one,
          Action: one.Sid === Sid ? one.Action.filter((each) => each !== action) : one.Action,
        }));
        await site.cloud.setPolicy(JSON.stringify({ ...rest, Statement: less }));
        const { gaps, aws } = await collected({ aws: true });
        // A role has inline and managed policies, which other rights read.
        if (!/^iam:Get.*Policy/.test(action)) expect(aws).to.deep.equal(withoutRight(whole, action).aws);
        const missing = gaps.filter(({ right }) => right === action);
        expect(missing.map(({ reason }) => reason)[0]).to.match(
          /^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/,
        );
        expect(missing[0]).to.not.have.property('object');
        expect(aws).to.include({ region: 'us-west-2' });
      });

  describe('with one right less in Kubernetes', () => {
    const { rules } = clusterRole();
    let whole: ClusterSnapshot;
    before(async () => {
      whole = await collected({ aws: false });
    });
    afterEach(() => site.setRules(rules));

    for (const right of KUBERNETES_RIGHTS)
      it(`leaves a gap without the right to ${right}`, async () => {
        const [, what = ''] = right.split(' ');
        const less = rules.flatMap((rule): object[] => {
          if ('nonResourceURLs' in rule) return rule.nonResourceURLs.includes(what) ? [] : [rule];
          const resources = rule.resources.filter((each) => each !== what);
          return resources.length === 0 ? [] : [{ ...rule, resources }];
        });
        await site.setRules(less);
        const { gaps, kubernetes } = await collected({ aws: false });
        expect(kubernetes).to.deep.equal(withoutRight(whole, right).kubernetes);
        expect(gaps.filter(({ right: each }) => !each.includes('sts:'))).to.deep.equal([
          { right, reason: 'Forbidden' },
        ]);
      });
  });

  describe('with all rights in AWS', () => {
    before(() => site.cloud.setPolicy(EVERYTHING));

    it("gets a token from the kubeconfig's program, whose arguments name the cluster", async () => {
      const program = join(site.folder, 'token.mjs');
      const credential = {
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token: site.token },
      };
      writeFileSync(program, `console.log(${JSON.stringify(JSON.stringify(credential))})`);
      const args = [program, 'eks', 'get-token', '--cluster-name', 'blue', '--region', 'us-west-2'];
      const exec = { apiVersion: credential.apiVersion, command: process.execPath, args, interactiveMode: 'Never' };
      const earlier = site.cloud.calls().length;
      const { aws } = await collected({ kubeconfig: site.kubeconfig({ prod: { user: { exec } } }) });
      expect(aws?.cluster?.name).to.equal('blue');
      expect(
        site.cloud
          .calls()
          .slice(earlier)
          .map(({ operation }) => operation),
      ).to.not.include('ListClusters');
    });

    it('reports a program that is not installed or fails', async () => {
      const failure = async (command: string, ...args: string[]) =>
        rejection(collected({ kubeconfig: site.kubeconfig({ prod: { user: { exec: { command, args } } } }) }));
      expect((await failure('/nonexistent/aws')).message).to.contain('spawn /nonexistent/aws ENOENT');
      const script = 'console.error("\\nNo session. Run login.\\nmore"); process.exit(1)';
      expect((await failure(process.execPath, '-e', script)).message).to.contain('(No session. Run login.)');
    });

    it('does without AWS', async () => {
      const snapshot = await collected({ aws: false });
      expect(snapshot).to.not.have.property('aws');
      expect(gapsOf(snapshot.gaps)).to.deep.equal(['sts:GetCallerIdentity left out by --kubernetes-only']);
    });

    it('rejects credentials that do not work', async () => {
      const expired = site.cloud.session();
      site.cloud.endSession(expired);
      for (const [environment, sentence] of [
        [expired, /^The AWS credentials have expired/],
        [{ ...expired, AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' }, /^AWS does not accept the credentials/],
      ] as const) {
        const error = await rejection(collected({ credentials: async () => credentialsIn(environment) }));
        expect(error).to.include({ code: 'BAD_AWS', exitCode: 2 });
        expect(error.message).to.match(sentence);
      }
    });

    it('rejects credentials of another account than the cluster', async () => {
      const context = 'arn:aws:eks:us-west-2:444455556666:cluster/blue';
      const kubeconfig = site.kubeconfig({ [context]: { user: { token: site.token } } });
      expect((await rejection(collected({ kubeconfig }))).message).to.match(
        /^The AWS credentials are of account 111122223333, but the cluster is in account 444455556666\. Use /,
      );
      const contexts = [context, 'prod'];
      const both = site.kubeconfig({
        [context]: { user: { token: site.token } },
        prod: { user: { token: site.token } },
      });
      const { clusters } = await collect({ ...site.options, kubeconfig: both, contexts });
      expect(clusters[0]?.gaps.map(({ reason }) => reason)[0]).to.contain('in account 444455556666');
      expect(clusters[1]?.aws?.cluster?.name).to.equal('blue');
    });

    for (const [what, context, reason] of [
      ['has no such cluster', 'admin@green.us-west-2.eksctl.io', 'has no cluster green with'],
      ['has another cluster of this name', 'admin@blue.us-west-2.eksctl.io', 'has no cluster blue with the endpoint'],
      ['has no cluster with this endpoint', 'prod', 'has no cluster with the endpoint'],
    ] as const)
      it(`rejects an account that ${what}`, async () => {
        const tlsServerName = '0123ABCD.gr7.us-west-2.eks.amazonaws.com';
        const kubeconfig = site.kubeconfig({ [context]: { user: { token: site.token }, tlsServerName } });
        const error = await rejection(collected({ kubeconfig }));
        expect(error).to.include({ code: 'BAD_AWS', exitCode: 2 });
        expect(error.message).to.contain('account 111122223333 in region us-west-2').and.to.contain(reason);
      });

    for (const [what, services, right] of [
      ['AWS', ['sts', 'eks', 'iam'], 'sts:GetCallerIdentity'],
      ['EKS', ['eks'], 'eks:ListClusters'],
      ['IAM', ['iam'], 'iam:GetRole'],
    ] as const)
      it(`leaves gaps that make the checks fail if ${what} is away`, async () => {
        const away = Object.fromEntries(services.map((service) => [service, 'http://127.0.0.1:1']));
        const snapshot = await collected({ endpoints: { ...site.options.endpoints, ...away } });
        expect(snapshot.gaps.map((gap) => gap.right)).to.include(right);
        const { notChecked } = judge({ version: 1, clusters: [snapshot] }, CHECKS);
        expect(notChecked.filter(isUnread).map(({ missing }) => missing)).to.include(right);
      });

    it('reads only roles whose ARN is exactly the given one', async () => {
      const path = '/api/v1/namespaces/payments/serviceaccounts/reports';
      const annotate = (role: string) =>
        site.kubernetes.json('PATCH', path, { metadata: { annotations: { 'eks.amazonaws.com/role-arn': role } } });
      const others = [`${ROLES}/path/reports`, `${ROLES.replace('aws', 'aws-cn')}/reports`];
      for (const other of others) {
        await annotate(other);
        const { aws } = await collected();
        expect(aws?.roles[other]).to.equal(null);
      }
      await annotate(`${ROLES}/reports`);
    });

    it('reads OIDC providers of the issuer and of trust policies, and few others', async () => {
      const { iam } = site.cloud.aws.clients('main');
      const create = (host: string) =>
        iam.send(
          new CreateOpenIDConnectProviderCommand({ Url: `https://${host}`, ClientIDList: ['sts.amazonaws.com'] }),
        );
      const others = Array.from({ length: 8 }, (_, index) => `oidc.eks.us-west-2.amazonaws.com/id/${index}`);
      const named = 'issuer.example.com/named';
      for (const host of [...others, named, 'issuer.example.com/other']) await create(host);
      const Principal = { Federated: `arn:aws:iam::111122223333:oidc-provider/${named}` };
      const statement = { Effect: 'Allow', Principal, Action: 'sts:AssumeRoleWithWebIdentity' };
      await iam.send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: 'reports',
          PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
        }),
      );
      const { aws } = await collected();
      const urls = aws?.oidcProviders?.map(({ url }) => url) ?? [];
      expect(urls).to.include.members([aws?.cluster?.issuer?.replace('https://', ''), named]);
      expect(urls.filter((url) => others.includes(url))).to.have.lengthOf(5);
      expect(urls).to.have.lengthOf(7);
    });

    it('rejects a cluster name that EKS does not have', async () => {
      const error = await rejection(collected({ clusterName: 'green' }));
      expect(error).to.include({ code: 'CLUSTER_NOT_FOUND', blame: 'usage' });
      expect(error.message).to.contain('"green" in account 111122223333 in region us-west-2');
    });

    it('rejects an invalid region, and a context that does not exist', async () => {
      expect((await rejection(collected({ region: 'somewhere' }))).message).to.contain(
        '"somewhere" is not an AWS region',
      );
      expect(await rejection(collected({ contexts: ['staging'] }))).to.include({ code: 'BAD_KUBECONFIG' });
    });

    it('rejects a cluster that is away, unless another one can be read', async () => {
      const away = { user: { token: site.token }, server: 'https://127.0.0.1:1' };
      const kubeconfig = site.kubeconfig({ prod: { user: { token: site.token } }, away });
      const error = await rejection(collected({ kubeconfig, contexts: ['away'] }));
      expect(error).to.include({ code: 'CLUSTER_UNREACHABLE', blame: 'usage' });
      expect(error.message).to.match(
        /^The API server https:\/\/127\.0\.0\.1:1 of context away cannot be reached \(ECONNREFUSED\)/,
      );
      const { clusters } = await collect({ ...site.options, kubeconfig, contexts: ['prod', 'away'] });
      expect(clusters.map(({ context }) => context)).to.deep.equal(['prod', 'away']);
      expect(clusters[0]?.kubernetes.pods).to.not.equal(undefined);
      expect(clusters[1]?.kubernetes).to.deep.equal({});
      expect(clusters[1]?.gaps.find(({ right }) => right === 'list pods')?.reason).to.contain('cannot be reached');
    });

    it("rejects the kubeconfig's credentials if the API server does", async () => {
      const error = await rejection(
        collected({ kubeconfig: site.kubeconfig({ prod: { user: { token: 'expired' } } }) }),
      );
      expect(error).to.include({ code: 'NO_ACCESS', blame: 'usage' });
      expect(error.message).to.not.contain('expired');
    });

    for (const line of ['pods', 'associations', 'roles'])
      it(`returns what it has read when it is interrupted after the first ${line}`, async () => {
        const interrupt = new AbortController();
        setMaxListeners(0, interrupt.signal);
        const progress = (each: string): void => {
          if (each.endsWith(line)) interrupt.abort(new Error('interrupted'));
        };
        const { gaps, kubernetes } = await collected({ signal: interrupt.signal, progress });
        const interrupted = gaps.filter(({ reason }) => reason === 'interrupted');
        expect(interrupted.length).to.be.greaterThan(0);
        expect(
          interrupted.filter(({ right, object }) => right.includes(':') && object === undefined),
        ).to.not.deep.equal([]);
        expect(kubernetes.pods !== undefined).to.equal(!gaps.some(({ right }) => right === 'list pods'));
      });

    it('returns gaps only when it is interrupted before the first answer', async () => {
      const { kubernetes, gaps } = await collected({ signal: AbortSignal.abort(new Error('interrupted')) });
      expect(kubernetes).to.deep.equal({});
      expect(new Set(gaps.map(({ reason }) => reason))).to.deep.equal(new Set(['interrupted']));
    });
  });
});
