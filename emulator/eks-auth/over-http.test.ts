import { Sha256 } from '@aws-crypto/sha256-js';
import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  CreatePodIdentityAssociationCommand,
  EKSClient,
} from '@aws-sdk/client-eks';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'chai';
import type { Credentials } from '../core/credentials.ts';
import { recordingProvider, SUBNETS, type RecordedCluster } from '../../test/support/emulator/eks.ts';
import { POD_TRUST, allow, policy, trust, type Statement } from '../../test/support/emulator/roles.ts';
import { type Emulator, startEmulator } from '../start.ts';

describe('the EKS Auth emulator over HTTP', () => {
  const clusters = new Map<string, RecordedCluster>();
  let emulator: Emulator;
  let cluster: RecordedCluster;
  let associationId: string;

  before(async () => {
    emulator = await startEmulator({ clusterProvider: recordingProvider(clusters), seed: 'http' });
    const { endpoint, region, administrator } = emulator;
    const config = { endpoint, region, credentials: withoutExpiration(administrator) };
    const [iam, eks] = [new IAMClient(config), new EKSClient(config)];
    const role = async (RoleName: string, trusted: Statement, ...permissions: Statement[]): Promise<string> => {
      const AssumeRolePolicyDocument = policy(trusted);
      const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      const document = { RoleName, PolicyName: 'inline', PolicyDocument: policy(...permissions) };
      if (permissions.length > 0) await iam.send(new PutRolePolicyCommand(document));
      return Role!.Arn!;
    };
    const key = { clusterName: 'blue' };
    const roleArn = await role('cluster', trust('eks.amazonaws.com'));
    await eks.send(new CreateClusterCommand({ name: 'blue', roleArn, resourcesVpcConfig: { subnetIds: SUBNETS } }));
    cluster = clusters.get('blue')!;
    const nodeRole = await role('node', trust('ec2.amazonaws.com'), allow('eks-auth:AssumeRoleForPodIdentity'));
    await eks.send(new CreateNodegroupCommand({ ...key, nodegroupName: 'workers', nodeRole, subnets: SUBNETS }));
    await eks.send(new CreateAddonCommand({ ...key, addonName: 'eks-pod-identity-agent' }));
    const grant = { namespace: 'shop', serviceAccount: 'reader', roleArn: await role('app', POD_TRUST) };
    const { association } = await eks.send(new CreatePodIdentityAssociationCommand({ ...key, ...grant }));
    associationId = association!.associationId!;
    iam.destroy();
    eks.destroy();
  });
  after(() => emulator.close());

  const withoutExpiration = ({ expiration: _, ...credentials }: Credentials) => credentials;

  /** Calls as the agent does: signed for `eks-auth` with the node's credentials. */
  const call = async (token: string, name = 'blue'): Promise<Response> => {
    const url = new URL(`${emulator.endpoint}/clusters/${name}/assume-role-for-pod-identity`);
    const credentials = withoutExpiration(await cluster.nodeGroups.get('workers')!.credentials());
    const signer = new SignatureV4({ service: 'eks-auth', region: emulator.region, credentials, sha256: Sha256 });
    const signed = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    return fetch(url, { method: 'POST', headers: signed.headers, body: signed.body as string });
  };
  const sign = (aud = 'pods.eks.amazonaws.com', seconds = 600): Promise<string> => {
    const now = Math.floor(emulator.clock.now() / 1000);
    return cluster.sign({
      iss: cluster.spec.issuer,
      sub: 'system:serviceaccount:shop:reader',
      aud: [aud],
      exp: now + seconds,
      'kubernetes.io': {
        namespace: 'shop',
        serviceaccount: { name: 'reader', uid: 'u' },
        pod: { name: 'reader-1', uid: 'p' },
      },
    });
  };

  it("gives a node's agent credentials of the pod's role, which STS accepts", async () => {
    const response = await call(await sign());
    expect(response.status).to.equal(200);
    const answer = (await response.json()) as { credentials: Credentials; assumedRoleUser: { arn: string } };
    const sts = new STSClient({
      endpoint: emulator.endpoint,
      region: emulator.region,
      credentials: withoutExpiration(answer.credentials),
    });
    const identity = await sts.send(new GetCallerIdentityCommand({}));
    sts.destroy();
    expect(identity.Arn).to.equal(answer.assumedRoleUser.arn);
    expect(identity.Arn).to.match(/:assumed-role\/app\/eks-blue-reader-1-/);
  });

  it('records the caller, the decisions and the reason', async () => {
    const response = await call(await sign());
    const record = emulator.findCall(response.headers.get('x-amzn-requestid')!)!;
    expect(record).to.include({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', status: 200 });
    expect(record.caller).to.match(/:assumed-role\/node\/i-/);
    expect(record.authorizations.map(({ action }) => action)).to.deep.equal([
      'eks-auth:AssumeRoleForPodIdentity',
      'sts:AssumeRole',
      'sts:TagSession',
    ]);
    expect(record.notes.join('\n')).to.include(`association ${associationId} maps shop/reader to`);
  });

  it('sends the error code in the header that clients read', async () => {
    const token = await sign('sts.amazonaws.com');
    const response = await call(token);
    expect([response.status, response.headers.get('x-amzn-errortype')]).to.deep.equal([400, 'InvalidTokenException']);
    expect(JSON.stringify(emulator.calls())).to.not.include(token.split('.')[1]);
  });

  it('can be disturbed for one cluster', async () => {
    const error = { code: 'ThrottlingException', status: 429, message: 'Rate exceeded' };
    const remove = emulator.addDisturbance({ service: 'eks-auth', clusterName: 'blue', error });
    expect((await call(await sign())).status).to.equal(429);
    expect((await call(await sign(), 'green')).status).to.equal(404);
    remove();
    expect((await call(await sign())).status).to.equal(200);
  });

  it('can be disturbed for the pods of one namespace, a given number of times', async () => {
    const error = { code: 'ThrottlingException', status: 429, message: 'Rate exceeded' };
    const operation = 'AssumeRoleForPodIdentity';
    const ends = ['shop', 'another'].map((namespace) =>
      emulator.addDisturbance({ service: 'eks-auth', operation, namespace, error, times: 2 }),
    );
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await call(await sign())).status);
    expect(statuses).to.deep.equal([429, 429, 200]);
    for (const end of ends) end();
  });

  it('can be disturbed for one token', async () => {
    const error = { code: 'ThrottlingException', status: 429, message: 'Rate exceeded' };
    const [token, other] = [await sign(), await sign(undefined, 601)];
    for (const namespace of ['shop', undefined]) {
      const scope = {
        service: 'eks-auth',
        operation: 'AssumeRoleForPodIdentity',
        ...(namespace && { namespace }),
      } as const;
      const end = emulator.addDisturbance({ ...scope, token, error });
      expect([(await call(token)).status, (await call(other)).status]).to.deep.equal([429, 200]);
      end();
    }
  });
});
