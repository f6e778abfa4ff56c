import { createHash } from 'node:crypto';
import { CreateVpcEndpointCommand, DeleteVpcEndpointsCommand } from '@aws-sdk/client-ec2';
import { UpdatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { until } from '../support/until.ts';
import { CLUSTER, NODE_IMAGE, PODS, policy, roleArn, type Scene, type Sent } from './site.ts';
import { env, world, type World } from './worlds.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

/** Returns a world in which the role of an association has permissions, until they change. */
const permissionWorld = (
  check: World['check'],
  title: string,
  permissions: readonly [before: string, after: string],
  options: object = {},
): World =>
  world(check, title, async (scene) => {
    const [before, after] = permissions;
    await scene.account();
    const trust =
      'disableSessionTags' in options
        ? policy({ Principal: { Service: PODS }, Action: 'sts:AssumeRole' })
        : scene.podTrust();
    const id = await scene.associate(await scene.role('app', trust, before), 'app', options);
    await scene.pod();
    return {
      findings: [`Association ${scene.namespace}/app`],
      repair: async () => {
        const { eks, iam } = scene.site;
        const inline = { RoleName: `${scene.namespace}-app`, PolicyName: 'permissions', PolicyDocument: after };
        await iam.send(new PutRolePolicyCommand(inline));
        if ('policy' in options)
          await eks.send(
            new UpdatePodIdentityAssociationCommand({
              clusterName: CLUSTER,
              associationId: id,
              policy: '',
              disableSessionTags: true,
            }),
          );
      },
    };
  });

const reads = (Resource: string) => policy({ Action: 's3:GetObject', Resource });

/** Names that compress badly. */
const hashes = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => createHash('sha256').update(String(at)).digest('base64url'));

/** Waits until a pod has a phase. */
const phaseIs = (scene: Scene, pod: string, phase: string) =>
  until(async () => {
    const { status } = await scene.site.kubernetes.json<{ status?: { phase?: string } }>(
      'GET',
      `${scene.path('pods')}/${pod}`,
    );
    return status?.phase === phase;
  });

/** Worlds of checks that compare several objects, such as a policy with the tags of a session. */
export const CAUSES: readonly World[] = [
  world('PID108', 'a pod that failed before the agent of its node was ready', async (scene) => {
    const { kubernetes, emulator } = scene.site;
    const container = { image: NODE_IMAGE, command: ['node'], args: ['-e', 'process.exit(1)'] };
    const replace = await scene.podIdentity({ restartPolicy: 'Never', container });
    await phaseIs(scene, 'app', 'Failed');
    emulator.clock.advance(15_000);
    const all = '/api/v1/namespaces/kube-system/pods';
    const { items } = await kubernetes.json<{ items: Sent[] }>('GET', all);
    for (const { metadata } of items) await scene.delete(`${all}/${metadata.name}`);
    await scene.site.agentIs('ACTIVE');
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => replace({}) };
  }),
  world('PID204', 'a second webhook whose Service has no pod', async (scene) => {
    const name = 'old-pod-identity-webhook';
    const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
    const service = { namespace: scene.namespace, name: 'webhook' };
    await scene.create(CONFIGURATIONS, {
      metadata: { name },
      webhooks: [
        {
          name: 'pod-identity-webhook.example.com',
          ...{ rules, failurePolicy: 'Ignore', sideEffects: 'None', admissionReviewVersions: ['v1'] },
          clientConfig: { service },
        },
      ],
    });
    return {
      findings: [`MutatingWebhookConfiguration ${name}`],
      repair: () => scene.delete(`${CONFIGURATIONS}/${name}`),
    };
  }),
  world('PID205', 'a container that was left out when its pod was created', async (scene) => {
    await scene.account();
    await scene.associate(await scene.role('app', scene.podTrust()));
    const annotations = { 'eks.amazonaws.com/skip-containers': 'export' };
    const containers = ['main', 'export'].map((name) => ({ name, image: 'ledger:1' }));
    const pod = (given: object): Sent => ({
      metadata: { name: 'app', ...given },
      spec: { serviceAccountName: 'app', containers },
    });
    await scene.create(scene.path('pods'), pod({ annotations }));
    const path = `${scene.path('pods')}/app`;
    await scene.patch(path, { metadata: { annotations: { 'eks.amazonaws.com/skip-containers': null } } });
    return {
      findings: [`Pod ${scene.namespace}/app`],
      repair: async () => {
        await scene.delete(path);
        await scene.site.kubernetes.json('POST', scene.path('pods'), pod({}));
      },
    };
  }),
  world('PID310', 'a pod of the same name as an association, which runs as default', async (scene) => {
    await scene.account();
    await scene.associate(await scene.role('app', scene.podTrust()));
    const replace = await scene.pod('app', { serviceAccountName: 'default' });
    return { findings: [`Association ${scene.namespace}/app`], repair: () => replace({}) };
  }),
  world('PID311', 'a load balancer controller without an identity', async (scene) => {
    await scene.account();
    const image = 'public.ecr.aws/eks/aws-load-balancer-controller:v2.14.1';
    const replace = await scene.pod('app', { container: { image } });
    return {
      findings: [`Pod ${scene.namespace}/app`],
      repair: async () => {
        await scene.associate(await scene.role('app', scene.podTrust()));
        await replace();
      },
    };
  }),
  permissionWorld(
    'PID405',
    'a policy that needs session tags, which are off',
    [reads('arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*'), reads('arn:aws:s3:::data/app/*')],
    { disableSessionTags: true },
  ),
  permissionWorld('PID406', 'a Deny of the tag of its own cluster', [
    policy(
      { Action: 'dynamodb:GetItem', Resource: '*' },
      {
        ...{ Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' },
        Condition: { StringEquals: { 'aws:PrincipalTag/eks-cluster-name': CLUSTER } },
      },
    ),
    policy({ Action: 'dynamodb:GetItem', Resource: '*' }),
  ]),
  permissionWorld(
    'PID408',
    'a session policy that almost fills the packed size',
    [policy({ Action: 's3:*', Resource: '*' }), policy({ Action: 's3:*', Resource: '*' })],
    {
      disableSessionTags: true,
      policy: policy({ Action: 's3:*', Resource: hashes(11).map((hash) => `arn:aws:s3:::${hash}`) }),
    },
  ),
  permissionWorld('PID507', 'a role for Amazon MSK', [
    policy({ Action: 'kafka-cluster:*', Resource: '*' }),
    policy({ Action: 'kafka:ListClusters', Resource: '*' }),
  ]),
  world('PID612', 'a misspelt audience annotation', async (scene) => {
    const role = await scene.role('app', scene.webTrust());
    const audience = 'eks.amazonaws.com/audience';
    await scene.account('app', { 'eks.amazonaws.com/role-arn': role, [audience]: 'sts.amazonaw.com' });
    const replace = await scene.pod();
    return {
      findings: [`ServiceAccount ${scene.namespace}/app`],
      repair: async () => {
        await scene.patch(`${scene.path('serviceaccounts')}/app`, { metadata: { annotations: { [audience]: null } } });
        await replace();
      },
    };
  }),
  world('PID704', 'a pod with the global endpoint of STS in a VPC with an endpoint', async (scene) => {
    const { ec2, emulator, vpcId } = scene.site;
    const ServiceName = `com.amazonaws.${emulator.region}.sts`;
    const { VpcEndpoint } = await ec2.send(
      new CreateVpcEndpointCommand({ VpcId: vpcId, ServiceName, VpcEndpointType: 'Interface' }),
    );
    const VpcEndpointIds = [VpcEndpoint?.VpcEndpointId ?? ''];
    scene.later(() => ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds })));
    emulator.clock.advance(60_000);
    const replace = await scene.webIdentity();
    const { container } = env('AWS_STS_REGIONAL_ENDPOINTS');
    await replace({ container: { env: container.env.map((one) => ({ ...one, value: 'legacy' })) } });
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => replace({}) };
  }),
  world('PID807', 'a trust policy that compares the namespace with a wildcard', async (scene) => {
    await scene.podIdentity();
    const trust = policy({
      Principal: { Service: PODS },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: { StringLike: { 'aws:RequestTag/kubernetes-namespace': '*' } },
    });
    await scene.setTrust('app', trust);
    return {
      findings: [`Role ${roleArn(`${scene.namespace}-app`)}`],
      repair: () => scene.setTrust('app', scene.podTrust()),
    };
  }),
];
