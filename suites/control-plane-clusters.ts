/** What a cluster that is made has of what was asked for. */
import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateClusterCommand,
  CreatePodIdentityAssociationCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  EKSClient,
  ListAccessEntriesCommand,
} from '@aws-sdk/client-eks';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import { check, suite, trustPodIdentity, trustService, type CheckContext } from '../harness/index.ts';
import { ofOwnAccount, sessionOf } from './lib/account-session.ts';
import { signedLike, tokenOf, urlOf } from './lib/cluster-token.ts';
import { errorOf, taken } from './lib/errors.ts';

const CLUSTER_ADMIN = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
/** EKS takes a hundred characters. */
const NAME = `<cluster:c1>-${'of-conformance-'.repeat(5)}`;
const SESSION_NAME = /^eks-[\w.-]{1,10}-[\w.-]{1,10}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const IN_DEFAULT = '/api/v1/namespaces/default';

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
    ...{ method: 'POST', protocol, hostname, path, headers },
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

suite('control-plane', ({ scenario }) => {
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
        const eks = new EKSClient(await context.aws('eks'));
        const clusterName = name(NAME);
        const describe = async (of: string) => (await eks.send(new DescribeClusterCommand({ name: of }))).cluster;
        const { resourcesVpcConfig: { subnetIds } = {} } = (await describe(name('<cluster:c1>'))) ?? {};
        const create = new CreateClusterCommand({
          ...{ name: clusterName, roleArn: name('<role:cluster>'), resourcesVpcConfig: { subnetIds } },
          accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
        });
        await taken(eks.send(create), 'a long name');
        try {
          const made = await eventually(
            () => describe(clusterName),
            (seen) => seen?.status === 'ACTIVE',
          );
          const { accessEntries } = await eks.send(new ListAccessEntriesCommand({ clusterName }));
          expect(accessEntries).to.deep.equal([]);
          const ca = Buffer.from(made?.certificateAuthority?.data ?? '', 'base64');
          const headers = { 'x-k8s-aws-id': clusterName };
          const tokenBy = async (credentials: Awaited<ReturnType<typeof sessionOf>>, like: string) =>
            tokenOf(await signedLike(urlOf(like), credentials, { headers }));
          const apiBy = async (token: string) => apiOf(made?.endpoint ?? '', ca, token);
          const { credentials } = await context.aws('eks');
          const creator = await apiBy(await tokenBy({ sessionToken: '', ...credentials }, await clusterToken()));
          expect((await creator('GET', IN_DEFAULT)).status, 'its creator').to.equal(401);

          const key = { clusterName, principalArn: name('<role:dev>') };
          await eks.send(new CreateAccessEntryCommand(key));
          const accessScope = { type: 'cluster' } as const;
          await eks.send(new AssociateAccessPolicyCommand({ ...key, policyArn: CLUSTER_ADMIN, accessScope }));
          const session = await sessionOf(context, 'dev');
          const api = await apiBy(await tokenBy(session, await clusterToken('c1', session)));
          const account = { namespace: 'default', serviceAccount: 'default' };
          const associate = { ...account, clusterName, roleArn: name('<role:app>') };
          await eks.send(new CreatePodIdentityAssociationCommand(associate));
          const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a-pod-with-a-long-name' } };
          const containers = [{ name: 'app', image: 'example.com/app:1' }];
          expect((await api('POST', `${IN_DEFAULT}/pods`, { ...pod, spec: { containers } })).status).to.equal(201);
          const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name };
          const { object } = await api('POST', `${IN_DEFAULT}/serviceaccounts/default/token`, {
            spec: { audiences: ['pods.eks.amazonaws.com'], boundObjectRef },
          });
          expect(await sessionName(context, clusterName, object.status?.token ?? '')).to.match(SESSION_NAME);
        } finally {
          expect(await errorOf(eks.send(new DeleteClusterCommand({ name: clusterName })))).to.equal('none');
        }
      }),
    ],
  });
});
