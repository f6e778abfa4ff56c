import { CreateVpcEndpointCommand, DeleteVpcEndpointsCommand } from '@aws-sdk/client-ec2';
import {
  CreateNodegroupCommand,
  DeleteAddonCommand,
  DeleteNodegroupCommand,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks';
import {
  AddClientIDToOpenIDConnectProviderCommand,
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import { certificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';
import {
  AGENT,
  AGENT_PATH,
  CLUSTER,
  PODS,
  policy,
  roleArn,
  WEBHOOK_PATH,
  clusterArn,
  type PodParts,
  type Scene,
  type Sent,
} from './site.ts';

/** A broken cluster, its findings, and the repair. */
export interface World {
  readonly check: `PID${number}`;
  readonly title: string;
  /** Breaks the healthy cluster. */
  readonly make: (scene: Scene) => Promise<Broken>;
}

interface Broken {
  /** Objects of the findings, as in `Pod payments/ledger`. */
  readonly findings: readonly string[];
  readonly repair: () => Promise<unknown>;
}

export const world = (check: World['check'], title: string, make: World['make']): World => ({ check, title, make });

type Replace = (spec?: PodParts) => Promise<void>;

/** A world in which only a pod's manifest is wrong. */
const podWorld = (check: World['check'], title: string, spec: PodParts): World =>
  world(check, title, async (scene) => {
    const replace = await scene.podIdentity(spec);
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => replace({}) };
  });

/** A world in which a role's trust policy changed after the association was created. */
const trustWorld = (check: World['check'], title: string, trust: (scene: Scene) => string): World =>
  world(check, title, async (scene) => {
    await scene.podIdentity();
    await scene.setTrust('app', trust(scene));
    return {
      findings: [`Association ${scene.namespace}/app`],
      repair: () => scene.setTrust('app', scene.podTrust()),
    };
  });

export const env = (...names: readonly string[]) => ({
  container: { env: names.map((name) => ({ name, value: 'x' })) },
});

const templateOf = (set: Sent) => (set['spec'] as { template: { spec: { containers: object[] } } }).template;

/** Changes the image of the agent to one that cannot be pulled. */
const breakAgent = (set: Sent) => {
  const [container] = templateOf(set).spec.containers;
  return { spec: { template: { spec: { containers: [{ ...container, image: 'agent:none' }] } } } };
};

const WEBHOOKS = async (scene: Scene) =>
  (await scene.site.kubernetes.json<{ webhooks: { clientConfig: object }[] }>('GET', WEBHOOK_PATH)).webhooks;

const setClient = async (scene: Scene, clientConfig: object): Promise<() => Promise<void>> => {
  const webhooks = await WEBHOOKS(scene);
  return scene.replace(WEBHOOK_PATH, () => ({
    webhooks: webhooks.map((one) => ({ ...one, clientConfig: { ...one.clientConfig, ...clientConfig } })),
  }));
};

const provider = (issuer: string) =>
  new CreateOpenIDConnectProviderCommand({ Url: `https://${issuer}`, ClientIDList: ['sts.amazonaws.com'] });

/** Deletes the cluster's provider until the end. Returns a function that creates it earlier. */
async function withdrawProvider(scene: Scene): Promise<() => Promise<unknown>> {
  const { iam, providerArn, issuer } = scene.site;
  await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn }));
  const restore = () => iam.send(provider(issuer)).catch(() => undefined);
  scene.later(restore);
  return restore;
}

const agents: readonly World[] = [
  world('PID101', 'associations without the add-on', async (scene) => {
    const { eks } = scene.site;
    await scene.podIdentity();
    await eks.send(new DeleteAddonCommand({ clusterName: CLUSTER, addonName: AGENT }));
    const repair = () => scene.installAgent().catch(() => undefined);
    scene.later(repair);
    return { findings: [`Cluster ${CLUSTER}`], repair };
  }),
  world('PID102', 'an agent whose image cannot be pulled', async (scene) => {
    await scene.podIdentity();
    const pods = await scene.site.kubernetes.json<{ items: { spec: { nodeName: string } }[] }>(
      'GET',
      scene.path('pods'),
    );
    const restore = await scene.replace(AGENT_PATH, breakAgent);
    await scene.site.agentIs('DEGRADED');
    return {
      findings: pods.items.map(({ spec }) => `Node ${spec.nodeName}`),
      repair: () => restore().then(() => scene.site.agentIs('ACTIVE')),
    };
  }),
  world('PID103', 'an agent that does not tolerate the taint of a node group', async (scene) => {
    const { eks } = scene.site;
    const group = { clusterName: CLUSTER, nodegroupName: 'tools' };
    const restore = await scene.replace(AGENT_PATH, () => ({ spec: { template: { spec: { tolerations: null } } } }));
    await eks.send(
      new CreateNodegroupCommand({
        ...group,
        nodeRole: roleArn(scene.site.nodeRole),
        subnets: ['subnet-0000000000000000a'],
        taints: [{ key: 'team', value: 'tools', effect: 'NO_SCHEDULE' }],
      }),
    );
    scene.later(() => eks.send(new DeleteNodegroupCommand(group)));
    await scene.podIdentity({
      nodeSelector: { 'eks.amazonaws.com/nodegroup': 'tools' },
      tolerations: [{ key: 'team', operator: 'Exists' }],
    });
    await scene.site.agentIs('ACTIVE');
    return {
      findings: [`DaemonSet kube-system/${AGENT}`],
      repair: () => restore().then(() => scene.site.agentIs('ACTIVE')),
    };
  }),
  world('PID105', 'an add-on whose pods are down', async (scene) => {
    const restore = await scene.replace(AGENT_PATH, breakAgent);
    await scene.site.agentIs('DEGRADED');
    return { findings: [`Addon ${AGENT}`], repair: () => restore().then(() => scene.site.agentIs('ACTIVE')) };
  }),
  world('PID106', 'an agent of a chart that also runs on Auto Mode nodes', async (scene) => {
    const { eks, kubernetes } = scene.site;
    const { spec } = await kubernetes.json<Sent>('GET', AGENT_PATH);
    await eks.send(new DeleteAddonCommand({ clusterName: CLUSTER, addonName: AGENT }));
    scene.later(() => scene.installAgent());
    await scene.create(AGENT_PATH.replace(/\/[^/]+$/, ''), { metadata: { name: AGENT }, spec });
    const restore = await scene.replace(AGENT_PATH, () => ({ spec: { template: { spec: { affinity: null } } } }));
    await scene.node('auto', { 'eks.amazonaws.com/compute-type': 'auto' });
    return { findings: [`DaemonSet kube-system/${AGENT}`], repair: restore };
  }),
  world('PID107', 'a node role without eks-auth:AssumeRoleForPodIdentity', async (scene) => {
    const { iam, nodeRole } = scene.site;
    await scene.podIdentity();
    const attached = { RoleName: nodeRole, PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy' };
    await iam.send(new DetachRolePolicyCommand(attached));
    const repair = () => iam.send(new AttachRolePolicyCommand(attached));
    scene.later(repair);
    return { findings: [`Role ${roleArn(nodeRole)}`], repair };
  }),
];

const webhooks: readonly World[] = [
  world('PID201', 'a deleted webhook configuration', async (scene) => {
    const restore = await scene.withdraw(WEBHOOK_PATH);
    const replace = await scene.podIdentity();
    return {
      findings: ['MutatingWebhookConfiguration pod-identity-webhook'],
      repair: () => restore().then(() => replace()),
    };
  }),
  world('PID202', 'a caBundle of another certificate authority', async (scene) => {
    const { certificate: other } = await certificate('former');
    const restore = await setClient(scene, { caBundle: Buffer.from(other).toString('base64') });
    const replace = await scene.podIdentity();
    return {
      findings: ['MutatingWebhookConfiguration pod-identity-webhook'],
      repair: () => restore().then(() => replace()),
    };
  }),
  podWorld('PID203', 'a pod with a label that opts out', {
    labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' },
  }),
];

const associations: readonly World[] = [
  world('PID301', 'a pod that was created before its association', async (scene) => {
    await scene.account();
    const replace = await scene.pod();
    await scene.associate(await scene.role('app', scene.podTrust()));
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => replace() };
  }),
  world('PID301', 'a Deployment that is older than its association', async (scene) => {
    await scene.account();
    const deployments = scene.path('deployments', '/apis/apps/v1');
    const [labels, role] = [{ app: 'app' }, await scene.role('app', scene.podTrust())];
    const spec = { serviceAccountName: 'app', containers: [{ name: 'main', image: 'ledger:1' }] };
    await scene.create(deployments, {
      metadata: { name: 'app' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const pods = async () =>
      (await scene.site.kubernetes.json<{ items: Sent[] }>('GET', scene.path('pods'))).items.length;
    await until(async () => (await pods()) === 2);
    await scene.associate(role);
    return {
      findings: [`Deployment ${scene.namespace}/app`],
      repair: async () => {
        await scene.delete(`${deployments}/app`);
        await until(async () => (await pods()) === 0);
      },
    };
  }),
  world('PID302', 'a pod that was created while the webhook did not answer', async (scene) => {
    const { emulator } = scene.site;
    await scene.account();
    await scene.associate(await scene.role('app', scene.podTrust()));
    emulator.clock.advance(15_000);
    const restore = await setClient(scene, { url: 'https://127.0.0.1:1/mutate' });
    const replace = await scene.pod();
    await restore();
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => replace() };
  }),
  world('PID303', 'an association for a service account that does not exist', async (scene) => {
    await scene.associate(await scene.role('app', scene.podTrust()));
    return {
      findings: [`Association ${scene.namespace}/app`],
      repair: async () => {
        await scene.account();
        await scene.pod();
      },
    };
  }),
  world('PID303', 'an association for a misspelt service account', async (scene) => {
    await scene.account();
    const role = await scene.role('app', scene.podTrust());
    const id = await scene.associate(role, 'apps');
    const { eks } = scene.site;
    scene.later(async () => {
      const own = { clusterName: CLUSTER, namespace: scene.namespace };
      const { associations = [] } = await eks.send(new ListPodIdentityAssociationsCommand(own));
      for (const { associationId = '' } of associations) await scene.dissociate(associationId);
    });
    const replace = await scene.pod();
    return {
      findings: [`Association ${scene.namespace}/apps`],
      repair: async () => {
        await scene.dissociate(id).catch(() => undefined);
        await scene.associate(role).catch(() => undefined);
        await replace();
      },
    };
  }),
  world('PID304', 'an association for a namespace that does not exist', async (scene) => {
    const role = await scene.role('app', scene.podTrust());
    const id = await scene.associate(role, 'app', { namespace: 'nowhere' });
    return {
      findings: ['Association nowhere/app'],
      repair: async () => {
        await scene.dissociate(id);
        await scene.account();
        await scene.associate(role);
        await scene.pod();
      },
    };
  }),
  world('PID306', 'an association whose role was deleted', async (scene) => {
    await scene.podIdentity();
    await scene.site.iam.send(new DeleteRoleCommand({ RoleName: `${scene.namespace}-app` }));
    return {
      findings: [`Association ${scene.namespace}/app`],
      repair: () => scene.role('app', scene.podTrust()),
    };
  }),
  ...[
    ['Fargate', { 'eks.amazonaws.com/compute-type': 'fargate' }],
    ['Windows', { 'kubernetes.io/os': 'windows' }],
  ].map(([title, labels]) =>
    world('PID307', `a pod with an association on ${title as string}`, async (scene) => {
      await scene.node(scene.namespace, labels as object);
      await scene.account();
      const id = await scene.associate(await scene.role('app', scene.podTrust()));
      const replace = await scene.pod('app', { nodeName: scene.namespace });
      return {
        findings: [`Pod ${scene.namespace}/app`],
        repair: async () => {
          await scene.annotate('app', await scene.role('web', scene.webTrust()));
          await scene.dissociate(id);
          await replace();
        },
      };
    }),
  ),
  world('PID307', 'a pod with an association on a hybrid node without the hybrid agent', async (scene) => {
    const labels = { 'eks.amazonaws.com/compute-type': 'hybrid' };
    await scene.node(scene.namespace, labels);
    await scene.podIdentity({ nodeName: scene.namespace });
    return {
      findings: [`Pod ${scene.namespace}/app`],
      repair: async () => {
        const name = `${AGENT}-hybrid`;
        const app = { app: name };
        await scene.create('/apis/apps/v1/namespaces/kube-system/daemonsets', {
          metadata: { name },
          spec: {
            selector: { matchLabels: app },
            template: {
              metadata: { labels: app },
              spec: {
                hostNetwork: true,
                nodeSelector: labels,
                tolerations: [{ operator: 'Exists' }],
                containers: [{ name: 'agent', image: 'agent:1' }],
              },
            },
          },
        });
        const all = '/api/v1/namespaces/kube-system/pods';
        const agentPods = async () => {
          const { items } = await scene.site.kubernetes.json<{ items: Sent[] }>('GET', all);
          return items.filter(({ metadata }) => metadata.name.startsWith(name));
        };
        await until(async () => (await agentPods()).length > 0);
        // No kubelet runs it.
        const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
        for (const { metadata } of await agentPods()) await scene.patch(`${all}/${metadata.name}/status`, { status });
      },
    };
  }),
  world('PID309', 'an association that was deleted while its pod runs', async (scene) => {
    await scene.account();
    const role = await scene.role('app', scene.podTrust());
    const id = await scene.associate(role);
    await scene.pod();
    await scene.dissociate(id);
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => scene.associate(role) };
  }),
];

const roles: readonly World[] = [
  trustWorld('PID401', 'a trust policy for another namespace', (scene) =>
    scene.podTrust('app', { 'aws:RequestTag/kubernetes-namespace': 'elsewhere' }),
  ),
  trustWorld('PID402', 'a trust policy without sts:TagSession', () =>
    policy({ Principal: { Service: PODS }, Action: 'sts:AssumeRole' }),
  ),
  trustWorld('PID403', 'a trust policy that names the former cluster', (scene) =>
    scene.podTrust('app', { 'aws:RequestTag/eks-cluster-arn': clusterArn('green') }),
  ),
  world('PID404', 'a target role that does not allow tagging the session', async (scene) => {
    const assume = ['sts:AssumeRole', 'sts:TagSession'];
    const source = await scene.role('app', scene.podTrust(), policy({ Action: assume, Resource: '*' }));
    const target = await scene.role('target', policy({ Principal: { AWS: source }, Action: assume }));
    await scene.account();
    await scene.associate(source, 'app', { targetRoleArn: target });
    await scene.pod();
    await scene.setTrust('target', policy({ Principal: { AWS: source }, Action: 'sts:AssumeRole' }));
    return {
      findings: [`Association ${scene.namespace}/app`],
      repair: () => scene.setTrust('target', policy({ Principal: { AWS: source }, Action: assume })),
    };
  }),
];

const pods: readonly World[] = [
  podWorld('PID501', 'a pod with access keys', env('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')),
  podWorld('PID502', 'a pod with a profile', env('AWS_PROFILE')),
  podWorld('PID503', 'a pod that sets a web identity', env('AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE')),
  podWorld('PID504', 'a pod that sets the address of credentials', env('AWS_CONTAINER_CREDENTIALS_FULL_URI')),
  podWorld('PID505', 'a pod with an old AWS CLI', { container: { image: 'amazon/aws-cli:2.13.0' } }),
  world('PID506', 'a Deployment whose service account does not exist', async (scene) => {
    const labels = { app: 'app' };
    const spec = { serviceAccountName: 'app', containers: [{ name: 'main', image: 'ledger:1' }] };
    await scene.create(scene.path('deployments', '/apis/apps/v1'), {
      metadata: { name: 'app' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const isRefused = (refused: boolean) =>
      until(async () => {
        const path = scene.path('replicasets', '/apis/apps/v1');
        const { items } = await scene.site.kubernetes.json<{ items: { status?: { conditions?: unknown } }[] }>(
          'GET',
          path,
        );
        return items.length === 1 && items.every(({ status }) => (status?.conditions !== undefined) === refused);
      });
    await isRefused(true);
    return {
      findings: [`Deployment ${scene.namespace}/app`],
      repair: () => scene.account().then(() => isRefused(false)),
    };
  }),
];

const webIdentities: readonly World[] = [
  world('PID601', 'an account without the OIDC provider', async (scene) => {
    await scene.webIdentity();
    const restore = await withdrawProvider(scene);
    return { findings: [`Cluster ${CLUSTER}`], repair: restore };
  }),
  world('PID602', 'an OIDC provider without the audience of AWS STS', async (scene) => {
    const { iam, providerArn } = scene.site;
    await scene.webIdentity();
    const client = { OpenIDConnectProviderArn: providerArn, ClientID: 'sts.amazonaws.com' };
    await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(client));
    const repair = () => iam.send(new AddClientIDToOpenIDConnectProviderCommand(client));
    scene.later(repair);
    return { findings: [`OidcProvider ${providerArn}`], repair };
  }),
  world('PID603', 'an OIDC provider with the dual-stack host', async (scene) => {
    const { iam, issuer, emulator } = scene.site;
    await scene.webIdentity();
    const restore = await withdrawProvider(scene);
    const host = `oidc-eks.${emulator.region}.api.aws/id/${issuer.split('/').at(-1)}`;
    const { OpenIDConnectProviderArn } = await iam.send(provider(host));
    scene.later(() => iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })));
    return { findings: [`OidcProvider ${OpenIDConnectProviderArn}`], repair: restore };
  }),
  world('PID604', 'an empty role annotation', async (scene) => {
    const role = await scene.role('app', scene.webTrust());
    await scene.account('app', { 'eks.amazonaws.com/role-arn': '' });
    const replace = await scene.pod();
    return { findings: [`ServiceAccount ${scene.namespace}/app`], repair: annotated(scene, role, replace) };
  }),
  world('PID605', 'a role annotation with the partition of China', async (scene) => {
    const role = await scene.role('app', scene.webTrust());
    await scene.account('app', { 'eks.amazonaws.com/role-arn': role.replace('arn:aws:', 'arn:aws-cn:') });
    const replace = await scene.pod();
    return { findings: [`ServiceAccount ${scene.namespace}/app`], repair: annotated(scene, role, replace) };
  }),
  world('PID606', 'a role annotation for a role that does not exist', async (scene) => {
    await scene.account('app', { 'eks.amazonaws.com/role-arn': roleArn(`${scene.namespace}-app`) });
    await scene.pod();
    return {
      findings: [`ServiceAccount ${scene.namespace}/app`],
      repair: () => scene.role('app', scene.webTrust()),
    };
  }),
  world('PID607', 'a trust policy for another service account', async (scene) => {
    await scene.webIdentity(scene.webTrust(`system:serviceaccount:${scene.namespace}:apps`));
    return {
      findings: [`ServiceAccount ${scene.namespace}/app`],
      repair: () => scene.setTrust('app', scene.webTrust()),
    };
  }),
  world('PID608', 'a trust policy with the issuer of the former cluster', async (scene) => {
    const { iam, emulator } = scene.site;
    const former = `oidc.eks.${emulator.region}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF`;
    const { OpenIDConnectProviderArn } = await iam.send(provider(former));
    scene.later(() => iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })));
    await scene.webIdentity(scene.webTrust(undefined, former));
    return {
      findings: [`ServiceAccount ${scene.namespace}/app`],
      repair: () => scene.setTrust('app', scene.webTrust()),
    };
  }),
  world('PID609', 'a pod that was created before the annotation', async (scene) => {
    await scene.account();
    const replace = await scene.pod();
    await scene.annotate('app', await scene.role('app', scene.webTrust()));
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => replace() };
  }),
  world('PID610', 'an annotation that changed after the pod was created', async (scene) => {
    const replace = await scene.webIdentity();
    await scene.annotate('app', await scene.role('next', scene.webTrust()));
    return { findings: [`Pod ${scene.namespace}/app`], repair: () => replace() };
  }),
  world('PID611', 'an annotation next to an association', async (scene) => {
    await scene.podIdentity();
    await scene.annotate('app', await scene.role('web', scene.webTrust()));
    return { findings: [`ServiceAccount ${scene.namespace}/app`], repair: () => scene.annotate('app', null) };
  }),
];

const annotated = (scene: Scene, role: string, replace: Replace) => async (): Promise<void> => {
  await scene.annotate('app', role);
  // The webhook learns of the change by its watch.
  await until(async () => {
    await replace();
    const { spec } = await scene.site.kubernetes.json<{ spec: { containers: { env?: { value?: string }[] }[] } }>(
      'GET',
      `${scene.path('pods')}/app`,
    );
    return spec.containers[0]?.env?.some(({ value }) => value === role) ?? false;
  });
};

const network: readonly World[] = [
  podWorld('PID701', 'a pod with a proxy', env('HTTP_PROXY')),
  world('PID702', 'a NetworkPolicy that denies egress', async (scene) => {
    await scene.podIdentity();
    const path = scene.path('networkpolicies', '/apis/networking.k8s.io/v1');
    await scene.create(path, { metadata: { name: 'closed' }, spec: { podSelector: {}, policyTypes: ['Egress'] } });
    const egress = [{ to: [{ ipBlock: { cidr: '169.254.170.23/32' } }], ports: [{ protocol: 'TCP', port: 80 }] }];
    return {
      findings: [`Pod ${scene.namespace}/app`],
      repair: () => scene.patch(`${path}/closed`, { spec: { egress } }),
    };
  }),
  world('PID703', 'a VPC endpoint that is not available yet', async (scene) => {
    const { ec2, emulator, vpcId } = scene.site;
    const ServiceName = `com.amazonaws.${emulator.region}.eks-auth`;
    const input = { VpcId: vpcId, ServiceName, VpcEndpointType: 'Interface' } as const;
    const { VpcEndpoint } = await ec2.send(new CreateVpcEndpointCommand(input));
    const id = VpcEndpoint?.VpcEndpointId ?? '';
    scene.later(() => ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] })));
    // EC2 needs a minute.
    return { findings: [`VpcEndpoint ${id}`], repair: async () => emulator.clock.advance(60_000) };
  }),
];

const exposure: readonly World[] = [
  world('PID801', 'a pod without an identity on a node with hop limit 2', async (scene) => {
    await scene.account();
    await scene.pod();
    await scene.site.setMetadata({ HttpPutResponseHopLimit: 2 });
    const repair = () => scene.site.setMetadata({ HttpPutResponseHopLimit: 1 });
    scene.later(repair);
    return { findings: [`Role ${roleArn(scene.site.nodeRole)}`], repair };
  }),
  world('PID803', 'a trust policy that allows every service account', async (scene) => {
    const { issuer, providerArn } = scene.site;
    const trust = policy({
      Principal: { Federated: providerArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringLike: { [`${issuer}:sub`]: 'system:serviceaccount:*:*' } },
    });
    await scene.webIdentity(trust);
    return {
      findings: [`Role ${roleArn(`${scene.namespace}-app`)}`],
      repair: () => scene.setTrust('app', scene.webTrust()),
    };
  }),
  world('PID804', 'a trust policy that allows any principal', async (scene) => {
    await scene.podIdentity();
    await scene.setTrust('app', policy({ Principal: { AWS: '*' }, Action: ['sts:AssumeRole', 'sts:TagSession'] }));
    return {
      findings: [`Role ${roleArn(`${scene.namespace}-app`)}`],
      repair: () => scene.setTrust('app', scene.podTrust()),
    };
  }),
  world('PID806', 'an association of the default service account', async (scene) => {
    const id = await scene.associate(await scene.role('app', scene.podTrust('default')), 'default');
    const replace = await scene.pod('app', { serviceAccountName: 'default' });
    return {
      findings: [`ServiceAccount ${scene.namespace}/default`],
      repair: async () => {
        await scene.dissociate(id);
        await scene.account();
        await scene.setTrust('app', scene.podTrust());
        await scene.associate(roleArn(`${scene.namespace}-app`));
        await replace({});
      },
    };
  }),
];

export const SYMPTOMS: readonly World[] = [
  ...agents,
  ...webhooks,
  ...associations,
  ...roles,
  ...pods,
  ...webIdentities,
  ...network,
  ...exposure,
];
