/** What a pod gains that takes the credentials of its node. */
import { EKS } from '@aws-sdk/client-eks';
import { STS } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { check, control, granted, irsaRole, podIdentityRole, suite, whoAmI } from '../../harness/index.ts';
import { ofOwnAccount } from '../lib/account-session.ts';
import { taken } from '../lib/errors.ts';
import { IMAGE, POD_IDENTITY } from '../lib/worlds.ts';

const WEB = 'sts.amazonaws.com';

suite('security', ({ scenario }) => {
  scenario('SEC-30', 'a pod that reaches instance metadata can act as each pod on its node', {
    source:
      'Kubernetes, "Using Node Authorization" and "Admission Control in Kubernetes", NodeRestriction; Amazon EKS User Guide, "Create access entries": EC2_LINUX; Amazon EKS Best Practices Guide, "Identity and Access Management": restrict access to the instance profile assigned to the worker node',
    finding:
      "The node's role is a Kubernetes user, system:node:<name>. It may request the tokens of all pods on the node, and thus gets their roles, by Pod Identity and IRSA. Block the metadata service for pods (hop limit 1).",
    // Creates an access entry, which the published policies for runs on AWS do not allow.
    needs: ['own-cluster', 'call-record', 'irsa'],
    keywords: ['IMDS', 'hop limit'],
    roles: { app: podIdentityRole(), web: irsaRole('app/web'), node: ofOwnAccount() },
    workloads: {
      thief: { serviceAccount: 'thief', imds: 'reachable' },
      app: { role: 'app' },
      web: { serviceAccount: 'web', irsa: 'web' },
      other: { serviceAccount: 'other', starts: 'later' },
    },
    probes: [
      control('app', whoAmI(), { as: 'app' }),
      control('web', whoAmI(), { as: 'web' }),
      granted('thief', whoAmI(), { as: 'node' }),
      check(
        'a session that is named after the instance is the node, and gets tokens and roles of its pods',
        async (context) => {
          const { kubernetes, name, clusterToken, eventually, outcomes } = context;
          const eks = new EKS(await context.aws('eks'));
          const sts = new STS(await context.aws('sts'));
          const read = async (path: string): Promise<Read> => JSON.parse((await kubernetes({ path })).body) as Read;
          const [pod, webPod] = [await read(name(APP_POD)), await read(name(WEB_POD))];
          const [, role = '', instance = ''] = outcomes[2]?.observed?.identity?.arn.split('/') ?? [];
          const key = { clusterName: name('<cluster:c1>'), principalArn: name('<role:node>') };
          const { accessEntries = [] } = await eks.listAccessEntries({ clusterName: key.clusterName });
          const principalArn = accessEntries.find((arn) => arn.endsWith(`/${role}`));
          expect(principalArn, "the access entry of the node's role").not.to.equal(undefined);
          const { accessEntry } = await eks.describeAccessEntry({ ...key, principalArn });
          expect(accessEntry?.username).to.match(/^system:node:\{\{/);
          expect(accessEntry?.kubernetesGroups).to.include('system:nodes');
          // Only EC2 may assume the node's own role, so another role gets the same entry.
          await taken(eks.createAccessEntry({ ...key, type: 'EC2_LINUX' }), 'an entry for nodes');
          try {
            const { Credentials: keys } = await sts.assumeRole({
              RoleArn: key.principalArn,
              RoleSessionName: instance,
            });
            const token = await clusterToken('c1', {
              accessKeyId: keys?.AccessKeyId ?? '',
              secretAccessKey: keys?.SecretAccessKey ?? '',
              sessionToken: keys?.SessionToken ?? '',
            });
            const asNode = (path: string, body?: object, method = 'POST') =>
              kubernetes({
                path,
                ...(body && { method, body }),
                headers: {
                  Authorization: `Bearer ${token}`,
                  ...(method === 'PATCH' && { 'content-type': 'application/merge-patch+json' }),
                },
                as: 'anonymous',
              });
            const own = await eventually(
              () => asNode(`/api/v1/nodes/${pod.spec.nodeName}`),
              ({ status }) => status === 200,
            );
            expect(own.status, 'its Node object').to.equal(200);
            const request = async (of: Read, audience: string, account = of.spec.serviceAccountName) => {
              const path = `/api/v1/namespaces/${of.metadata.namespace}/serviceaccounts/${account}/token`;
              const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: of.metadata.name, uid: of.metadata.uid };
              return asNode(path, { spec: { audiences: [audience], boundObjectRef } });
            };
            expect((await request(pod, POD_IDENTITY)).status, 'a token for EKS Auth').to.equal(201);
            const answer = await request(webPod, WEB);
            expect(answer.status, 'a token for STS').to.equal(201);
            const { status } = JSON.parse(answer.body) as { readonly status: { readonly token: string } };
            const session = await sts.assumeRoleWithWebIdentity({
              RoleArn: name('<role:web>'),
              RoleSessionName: 'thief',
              WebIdentityToken: status.token,
            });
            expect(session.AssumedRoleUser?.Arn).to.contain(name(':assumed-role/<role-name:web>/thief'));
            const refused = async (what: string, call: ReturnType<typeof asNode>) =>
              expect((await call).status, what).to.equal(403);
            await refused('an audience that no volume of the pod has', request(pod, WEB));
            await refused('an account without a pod on the node', request(pod, POD_IDENTITY, 'other'));
            // This pod gets no node.
            const pods = `/api/v1/namespaces/${pod.metadata.namespace}/pods`;
            const { serviceAccountName } = pod.spec;
            const spec = {
              serviceAccountName,
              schedulingGates: [{ name: 'example.com/none' }],
              containers: [{ name: 'app', image: IMAGE }],
            };
            const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'elsewhere' }, spec };
            const elsewhere = JSON.parse((await kubernetes({ method: 'POST', path: pods, body })).body) as Read;
            // The API server's NodeRestriction plugin answers 404 until its cache has the new pod.
            const tokenElsewhere = eventually(
              () => request(elsewhere, POD_IDENTITY),
              ({ status }) => status !== 404,
            );
            await refused('a pod that is not on the node', tokenElsewhere);
            const owner = { apiVersion: 'v1', kind: 'Namespace', name: 'none', uid: pod.metadata.uid };
            const owned = { metadata: { ownerReferences: [owner] } };
            const ownPath = `/api/v1/nodes/${pod.spec.nodeName}?dryRun=All`;
            await refused('an owner of its Node object', asNode(ownPath, owned, 'PATCH'));
            await refused('all pods', asNode('/api/v1/pods'));
            await refused('all secrets', asNode(`/api/v1/namespaces/${pod.metadata.namespace}/secrets`));
          } finally {
            await eks.deleteAccessEntry(key);
          }
        },
      ),
    ],
  });
});

const APP_POD = '/api/v1/namespaces/<namespace:app>/pods/<pod:app>';
const WEB_POD = '/api/v1/namespaces/<namespace:app>/pods/<pod:web>';

/** The used part of a pod. */
interface Read {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: { readonly nodeName: string; readonly serviceAccountName: string };
}
