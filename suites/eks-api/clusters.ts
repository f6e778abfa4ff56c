/** What a cluster is made of, and what EKS says of it. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { type CreateClusterCommandInput, EKS } from '@aws-sdk/client-eks';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import {
  allow,
  check,
  describeCluster,
  matching,
  succeeds,
  suite,
  trustPodIdentity,
  trustService,
  type CheckContext,
} from '../../harness/index.ts';
import { signedLike, tokenOf, urlOf } from './lib/cluster-token.ts';
import { eksOf, ofOwnAccount, sessionOf } from '../lib/account-session.ts';
import { BAD_REQUEST, errorOf, taken } from '../lib/errors.ts';
import { EKS_API } from '../lib/sources.ts';

const CLUSTER_ADMIN = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
/** EKS takes a hundred characters. */
const NAME = `<cluster:c1>-${'of-conformance-'.repeat(5)}`;
const SESSION_NAME = /^eks-[\w.-]{1,10}-[\w.-]{1,10}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const IN_DEFAULT = '/api/v1/namespaces/default';
const describe = async (eks: EKS, name: string) => (await eks.describeCluster({ name })).cluster;
/** Those of the run's cluster, in which others can be made. */
const subnetsOf = async ({ name }: CheckContext, eks: EKS): Promise<string[]> =>
  (await describe(eks, name('<cluster:c1>')))?.resourcesVpcConfig?.subnetIds ?? [];
/** Sends requests to an API server: with which status it answers, and what. */
const apiOf =
  (endpoint: string, ca: Buffer, token: string) => async (method: 'GET' | 'POST', path: string, body?: object) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const sent = request(new URL(path, endpoint), { method, headers, ca, agent: false });
    sent.end(body && JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, object: (await json(answer)) as { readonly status?: { token?: string } } };
  };
/** The name of the session that EKS Auth gives for a pod's token. */
async function sessionName({ aws }: CheckContext, clusterName: string, token: string): Promise<string | undefined> {
  const { endpoint = '', region, credentials } = await aws('eks');
  const { protocol, hostname, host } = new URL(endpoint);
  const path = `/clusters/${clusterName}/assume-role-for-pod-identity`;
  const signer = new SignatureV4({ credentials, region, service: 'eks-auth', sha256: Sha256 });
  const headers = { host, 'content-type': 'application/json' };
  const signed = await signer.sign({
    method: 'POST',
    protocol,
    hostname,
    path,
    headers,
    body: JSON.stringify({ token }),
  });
  const answer = await fetch(new URL(path, endpoint), {
    method: 'POST',
    headers: signed.headers,
    body: signed.body as string,
  });
  const { assumedRoleUser } = (await answer.json()) as { readonly assumedRoleUser?: { readonly arn: string } };
  return assumedRoleUser?.arn.split('/').at(-1);
}

suite('eks-api', ({ scenario }) => {
  scenario('CP-33', 'a cluster may have a long name, and a creator who is none of its administrators', {
    source:
      'Amazon EKS API Reference, CreateCluster, name; CreateAccessConfigRequest, bootstrapClusterCreatorAdminPermissions; EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser',
    // A cluster is made for it, which elsewhere takes minutes.
    needs: ['own-cluster', 'call-record', 'cluster-clock'],
    roles: {
      cluster: { trust: [trustService('eks.amazonaws.com')] },
      dev: ofOwnAccount(),
      app: { trust: [trustPodIdentity({ conditions: { StringEquals: { 'aws:RequestTag/eks-cluster-name': NAME } } })] },
    },
    probes: [
      check('whom its API server knows, and what sessions of its pods are called', async (context) => {
        const { name, eventually, clusterToken } = context;
        const eks = new EKS(await context.aws('eks'));
        const clusterName = name(NAME);
        const subnetIds = await subnetsOf(context, eks);
        const making = eks.createCluster({
          name: clusterName,
          roleArn: name('<role:cluster>'),
          resourcesVpcConfig: { subnetIds },
          accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
        });
        await taken(making, 'a long name');
        try {
          const made = await eventually(
            () => describe(eks, clusterName),
            (seen) => seen?.status === 'ACTIVE',
          );
          const { accessEntries } = await eks.listAccessEntries({ clusterName });
          expect(accessEntries).to.deep.equal([]);
          expect(made?.accessConfig?.authenticationMode).to.equal('API');
          const ca = Buffer.from(made?.certificateAuthority?.data ?? '', 'base64');
          const headers = { 'x-k8s-aws-id': clusterName };
          const tokenBy = async (credentials: Awaited<ReturnType<typeof sessionOf>>, like: string) =>
            tokenOf(await signedLike(urlOf(like), credentials, { headers }));
          const apiBy = async (token: string) => apiOf(made?.endpoint ?? '', ca, token);
          const { credentials } = await context.aws('eks');
          const creator = await apiBy(await tokenBy({ sessionToken: '', ...credentials }, await clusterToken()));
          expect((await creator('GET', IN_DEFAULT)).status, 'its creator').to.equal(401);

          const key = { clusterName, principalArn: name('<role:dev>') };
          await eks.createAccessEntry(key);
          const accessScope = { type: 'cluster' } as const;
          await eks.associateAccessPolicy({ ...key, policyArn: CLUSTER_ADMIN, accessScope });
          const session = await sessionOf(context, 'dev');
          const api = await apiBy(await tokenBy(session, await clusterToken('c1', session)));
          const account = { namespace: 'default', serviceAccount: 'default' };
          const associate = { ...account, clusterName, roleArn: name('<role:app>') };
          await eks.createPodIdentityAssociation(associate);
          const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a-pod-with-a-long-name' } };
          const containers = [{ name: 'app', image: 'example.com/app:1' }];
          expect((await api('POST', `${IN_DEFAULT}/pods`, { ...pod, spec: { containers } })).status).to.equal(201);
          const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name };
          const { object } = await api('POST', `${IN_DEFAULT}/serviceaccounts/default/token`, {
            spec: { audiences: ['pods.eks.amazonaws.com'], boundObjectRef },
          });
          expect(await sessionName(context, clusterName, object.status?.token ?? '')).to.match(SESSION_NAME);
        } finally {
          expect(await errorOf(eks.deleteCluster({ name: clusterName }))).to.equal('none');
        }
      }),
    ],
  });

  scenario('CP-34', 'a cluster needs a role, a version and subnets that will do, and has node groups of such a role', {
    source:
      'Amazon EKS API Reference, CreateCluster, CreateNodegroup and DeleteCluster, errors; Amazon EKS User Guide, "Amazon EKS cluster IAM role", "Amazon EKS node IAM role" and "View Amazon EKS networking requirements for VPC and subnets"',
    needs: ['own-cluster', 'call-record', 'cluster-clock'],
    roles: {
      cluster: { trust: [trustService('eks.amazonaws.com')] },
      node: { trust: [trustService('ec2.amazonaws.com')] },
      bare: ofOwnAccount(allow(['eks:*', 'ec2:Describe*', 'iam:Get*', 'iam:ListAttachedRolePolicies'], '*')),
    },
    probes: [
      check('what is refused, and what is made', async (context) => {
        const { name, eventually } = context;
        const eks = new EKS(await context.aws('eks'));
        const bare = await eksOf(context, 'bare');
        const clusterName = name('<cluster:c1>-noded');
        const subnets = await subnetsOf(context, eks);
        const create = (more: Partial<CreateClusterCommandInput> = {}, by = eks) =>
          errorOf(
            by.createCluster({
              name: clusterName,
              roleArn: name('<role:cluster>'),
              resourcesVpcConfig: { subnetIds: subnets },
              ...more,
            }),
          );
        const group = { clusterName, nodegroupName: 'workers' };
        const createGroup = (nodeRole: string, more: object = {}, by = eks) =>
          errorOf(by.createNodegroup({ ...group, subnets, nodeRole: name(nodeRole), ...more }));
        try {
          for (const [what, more] of Object.entries({
            'a role for nodes': { roleArn: name('<role:node>') },
            'a version that there is not': { version: '1.10' },
            'subnets of one zone': { resourcesVpcConfig: { subnetIds: subnets.slice(0, 1) } },
            'a subnet that there is not': {
              resourcesVpcConfig: { subnetIds: [...subnets, 'subnet-0123456789abcdef0'] },
            },
            'no administrator and no access entries': {
              accessConfig: {
                authenticationMode: 'CONFIG_MAP' as const,
                bootstrapClusterCreatorAdminPermissions: false,
              },
            },
            'half of Auto Mode': {
              computeConfig: { enabled: true },
              accessConfig: { authenticationMode: 'API' as const },
            },
          }))
            expect(await create(more), what).to.match(BAD_REQUEST);
          expect(await create({}, bare), 'a role that may not be passed').to.equal('AccessDeniedException');
          const once = { clientRequestToken: `${clusterName}-once` };
          expect(await create(once)).to.equal('none');
          expect(await create(once), 'the same request once more').to.equal('none');
          expect(await create(), 'another of the name').to.equal('ResourceInUseException');
          const made = await eventually(
            () => describe(eks, clusterName),
            (seen) => seen?.status === 'ACTIVE',
          );
          expect(made).to.include({ name: clusterName, roleArn: name('<role:cluster>'), status: 'ACTIVE' });
          const { clusters } = await eks.listClusters({});
          expect(clusters).to.include.members([clusterName, name('<cluster:c1>')]);

          expect(await createGroup('<role:cluster>'), 'the role of a cluster').to.match(BAD_REQUEST);
          const larger = { scalingConfig: { minSize: 2, maxSize: 1, desiredSize: 2 } };
          expect(await createGroup('<role:node>', larger), 'more than the most').to.match(BAD_REQUEST);
          expect(await createGroup('<role:node>', {}, bare)).to.equal('AccessDeniedException');
          const scalingConfig = { minSize: 1, maxSize: 3, desiredSize: 2 };
          expect(await createGroup('<role:node>', { scalingConfig }), 'the role of nodes').to.equal('none');
          expect(await createGroup('<role:node>'), 'once more').to.equal('ResourceInUseException');
          const look = async () => (await eks.describeNodegroup(group)).nodegroup;
          const nodegroup = await eventually(look, (seen) => seen?.status === 'ACTIVE');
          expect(nodegroup).to.deep.include({
            ...group,
            nodeRole: name('<role:node>'),
            subnets,
            scalingConfig,
            status: 'ACTIVE',
          });
          const { nodegroups } = await eks.listNodegroups({ clusterName });
          expect(nodegroups).to.deep.equal([group.nodegroupName]);
          const remove = () => errorOf(eks.deleteCluster({ name: clusterName }));
          expect(await remove(), 'with a node group').to.equal('ResourceInUseException');
          expect(await errorOf(eks.deleteNodegroup(group))).to.equal('none');
          const gone = () => errorOf(look());
          const missing = 'ResourceNotFoundException';
          expect(await eventually(gone, (error) => error === missing), 'the node group').to.equal(missing);
          expect(await remove(), 'without').to.equal('none');
          const error = await eventually(
            () => errorOf(describe(eks, clusterName)),
            (seen) => seen === missing,
          );
          expect(error, 'the cluster').to.equal(missing);
        } finally {
          await errorOf(eks.deleteNodegroup(group));
          await errorOf(eks.deleteCluster({ name: clusterName }));
        }
      }),
    ],
  });

  scenario('CP-01', 'a cluster is described with name, ARN, status and version', {
    source: `${EKS_API} DescribeCluster and Cluster`,
    probes: [
      succeeds(describeCluster(), {
        name: '<cluster:c1>',
        arn: matching(/^arn:aws:eks:[a-z0-9-]+:<account:main>:cluster\/<cluster:c1>$/),
        status: 'ACTIVE',
        version: matching(/^1\.\d\d$/),
      }),
    ],
  });

  scenario('CP-02', 'a cluster has an OIDC issuer of its own', {
    source: 'Amazon EKS User Guide, "Create an IAM OIDC provider for your cluster"',
    needs: ['own-cluster'],
    probes: [
      succeeds(describeCluster(), {
        issuer: matching(/^https:\/\/oidc\.eks\.[a-z0-9-]+\.amazonaws\.com\/id\/[0-9A-F]{32}$/),
      }),
    ],
  });
});
