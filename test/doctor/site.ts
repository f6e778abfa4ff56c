import { EC2Client, DescribeInstancesCommand, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import type { ModifyInstanceMetadataOptionsCommandInput } from '@aws-sdk/client-ec2';
import {
  CreateAddonCommand,
  CreatePodIdentityAssociationCommand,
  type CreatePodIdentityAssociationCommandInput,
  DeletePodIdentityAssociationCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEndpoints } from '../../aws/endpoints.ts';
import { CHECKS } from '../../doctor/checks/index.ts';
import { collect, type CollectOptions } from '../../doctor/collect/index.ts';
import { judge } from '../../doctor/judge/judge.ts';
import type { Finding } from '../../doctor/judge/report-schema.ts';
import { objectText } from '../../doctor/snapshot/object-name.ts';
import type { Snapshot } from '../../doctor/snapshot/snapshot.ts';
import type { Emulator } from '../../emulator/index.ts';
import { connect, ignoring, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { AwsTarget } from '../../harness/aws-target/target.ts';
import { registerCluster } from '../../harness/engine/emulator-clusters.ts';
import { rehearsalCloud, type RehearsalOptions } from '../../scripts/cloud/cloud.ts';
import { kubeconfigText, UNLIMITED } from '../support/collecting.ts';
import { until } from '../support/until.ts';

export const CLUSTER = 'blue';
export const AGENT = 'eks-pod-identity-agent';
export const AGENT_PATH = `/apis/apps/v1/namespaces/kube-system/daemonsets/${AGENT}`;
export const WEBHOOK_PATH = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pod-identity-webhook';
/** An image that runs Node on embedded clusters. */
export const NODE_IMAGE = 'public.ecr.aws/docker/library/node:22-slim';
export const PODS = 'pods.eks.amazonaws.com';
const ACCOUNT = '111122223333';

/** A Kubernetes object as it is sent or received. */
export interface Sent {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly labels?: object; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** An embedded or other cluster with two IAM mechanisms ready to use, on which nothing is wrong. */
export interface Site {
  readonly aws: AwsTarget;
  readonly emulator: Emulator;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  readonly ec2: EC2Client;
  readonly kubernetes: Connection;
  /** Without `https://`. */
  readonly issuer: string;
  readonly vpcId: string;
  readonly certificateAuthority: string;
  readonly providerArn: string;
  readonly nodeRole: string;
  /** The file with the administrator's access. */
  readonly kubeconfig: string;
  /** Requests to the API server, such as `list pods`, except those of the cluster itself. */
  readonly requests: readonly string[];
  /** Throws if the servers' records contain a call that writes. */
  collect(options?: Pick<CollectOptions, 'policies'>): Promise<Snapshot>;
  /** Returns the findings of all checks. Throws if a check was not made. */
  diagnosis(): Promise<readonly Finding[]>;
  /** Returns them as in `PID301 Pod payments/ledger`. */
  findings(): Promise<readonly string[]>;
  setMetadata(options: Omit<ModifyInstanceMetadataOptionsCommandInput, 'InstanceId'>): Promise<void>;
  /** Waits for the add-on's health. */
  agentIs(status: 'ACTIVE' | 'DEGRADED'): Promise<void>;
  close(): Promise<void>;
}

export const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
export const clusterArn = (name: string): string => `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/${name}`;
const statement = (fields: object): object => ({ Effect: 'Allow', ...fields });
export const policy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map(statement) });

export const namesOf = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ check, object }) => `${check} ${objectText(object)}`).sort();

export async function startSite(hosted?: RehearsalOptions['hosted']): Promise<Site> {
  const requests: string[] = [];
  const cloud = await rehearsalCloud({
    ...(hosted && { hosted }),
    clusters: {
      images: new Map([[NODE_IMAGE, { entrypoint: ['node'] }]]),
      audit: (username, asked) => {
        if (/^(system|eks):/.test(username)) return;
        requests.push(`${asked.verb} ${'path' in asked ? asked.path : asked.resource}`);
      },
    },
  });
  const { emulator, aws } = cloud;
  const { eks, iam } = aws.clients('main');
  const { kubeConfig } = await registerCluster(aws, CLUSTER, { tags: { team: CLUSTER }, addon: {} });
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: CLUSTER }));
  const { accessKeyId, secretAccessKey } = emulator.administrator;
  const credentials = { accessKeyId, secretAccessKey };
  const ec2 = new EC2Client({ endpoint: emulator.endpoint, region: emulator.region, credentials });
  const kubernetes = connect(kubeConfig);
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  const kubeconfig = join(folder, 'config');
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const issuer = (cluster?.identity?.oidc?.issuer ?? '').replace('https://', '');

  async function writeKubeconfig(): Promise<void> {
    writeFileSync(kubeconfig, kubeconfigText(CLUSTER, kubeConfig, await aws.clusterToken(CLUSTER)));
  }

  const site: Site = {
    aws,
    emulator,
    eks,
    iam,
    ec2,
    kubernetes,
    issuer,
    vpcId: cluster?.resourcesVpcConfig?.vpcId ?? '',
    certificateAuthority: cluster?.certificateAuthority?.data ?? '',
    providerArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}`,
    nodeRole: `${CLUSTER}-node`,
    kubeconfig,
    requests,
    collect: async (options = {}) => {
      const before = { requests: requests.length, calls: emulator.calls().length };
      const snapshot = await collect({
        ...options,
        kubeconfig,
        clusterName: CLUSTER,
        endpoints: parseEndpoints([emulator.endpoint], 'account'),
        region: emulator.region,
        credentials: async () => credentials,
        // Real Kubernetes has no record of requests here, and few worlds run at a time.
        ...(hosted && { limiters: UNLIMITED }),
        signal,
        environment: {},
      });
      const calls = emulator.calls().slice(before.calls);
      const made = [...requests.slice(before.requests), ...calls.map(({ operation }) => operation)];
      expect(made).to.include.members([
        ...(hosted ? [] : ['list pods']),
        'DescribeCluster',
        'ListPodIdentityAssociations',
      ]);
      // The emulator has no API of AWS Organizations.
      expect(made.filter((call) => !/^(?:get |list |Get|List|Describe|Unknown$)/.test(call))).to.deep.equal([]);
      return snapshot;
    },
    diagnosis: async () => {
      const { findings, notChecked } = judge(await site.collect(), CHECKS);
      if (notChecked.length > 0) throw new Error(`not checked: ${JSON.stringify(notChecked)}`);
      return findings;
    },
    findings: async () => namesOf(await site.diagnosis()),
    setMetadata: async (options) => {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
      for (const { InstanceId } of Reservations.flatMap(({ Instances = [] }) => Instances))
        await ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...options }));
    },
    agentIs: (status) =>
      until(async () => {
        const input = { clusterName: CLUSTER, addonName: AGENT };
        return (await eks.send(new DescribeAddonCommand(input))).addon?.status === status;
      }),
    close: async () => {
      kubernetes.close();
      ec2.destroy();
      await cloud.close();
      rmSync(folder, { recursive: true });
    },
  };
  await writeKubeconfig();
  // Pods must not reach the node role.
  await site.setMetadata({ HttpPutResponseHopLimit: 1 });
  return site;
}

/** Makes and changes objects by public APIs in a namespace of its own, and removes them at the end. */
export class Scene {
  readonly site: Site;
  readonly namespace: string;
  readonly #undo: (() => Promise<unknown>)[] = [];

  private constructor(site: Site, namespace: string) {
    this.site = site;
    this.namespace = namespace;
  }

  static async open(site: Site, namespace: string): Promise<Scene> {
    const scene = new Scene(site, namespace);
    await scene.create('/api/v1/namespaces', { metadata: { name: namespace } });
    return scene;
  }

  /** Undoes everything in reverse order. */
  async undo(): Promise<void> {
    for (const undo of this.#undo.toReversed()) await undo();
    await this.site.agentIs('ACTIVE');
  }

  /** Undoes everything, and waits for the end of the namespace, which takes seconds on real Kubernetes. */
  async close(): Promise<void> {
    await this.undo();
    const { kubernetes } = this.site;
    await until(async () => {
      const { items } = await kubernetes.json<{ items: Sent[] }>('GET', '/api/v1/namespaces');
      return !items.some(({ metadata }) => metadata.name === this.namespace);
    });
  }

  later(undo: () => Promise<unknown>): void {
    this.#undo.push(undo);
  }

  /** Path of the namespace's objects of a resource, such as `pods`. */
  path(resource: string, group = '/api/v1'): string {
    return `${group}/namespaces/${this.namespace}/${resource}`;
  }

  async create(path: string, object: Sent): Promise<void> {
    await this.site.kubernetes.json('POST', path, object);
    this.later(() => this.delete(`${path}/${object.metadata.name}`));
  }

  delete(path: string): Promise<void> {
    const options = { gracePeriodSeconds: 0 };
    return this.site.kubernetes.json('DELETE', path, options).then(() => undefined, ignoring(404));
  }

  patch(path: string, changes: object): Promise<void> {
    return this.site.kubernetes.json('PATCH', path, changes);
  }

  /** Creates a node without a kubelet, so pods on it stay pending. */
  async node(name: string, labels: object): Promise<void> {
    const { kubernetes } = this.site;
    this.later(async () => {
      const { items } = await kubernetes.json<{ items: (Sent & { spec: { nodeName?: string } })[] }>(
        'GET',
        '/api/v1/pods',
      );
      for (const { metadata, spec } of items)
        if (spec.nodeName === name)
          await this.delete(`/api/v1/namespaces/${String(metadata['namespace'])}/pods/${metadata.name}`);
    });
    await this.create('/api/v1/nodes', {
      metadata: { name, labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...labels } },
      spec: { taints: [{ key: 'example.com/virtual', effect: 'NoSchedule' }] },
    });
  }

  account(name = 'app', annotations: object = {}): Promise<void> {
    return this.create(this.path('serviceaccounts'), { metadata: { name, annotations } });
  }

  annotate(name: string, role: string | null): Promise<void> {
    return this.patch(`${this.path('serviceaccounts')}/${name}`, {
      metadata: { annotations: { 'eks.amazonaws.com/role-arn': role } },
    });
  }

  /** Creates a role named after the namespace, and returns its ARN. */
  async role(name: string, trust: string, permissions?: string): Promise<string> {
    const RoleName = `${this.namespace}-${name}`;
    const { iam } = this.site;
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    this.later(() => iam.send(new DeleteRoleCommand({ RoleName })).catch(() => undefined));
    if (permissions !== undefined) {
      const inline = { RoleName, PolicyName: 'permissions' };
      await iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument: permissions }));
      this.later(() => iam.send(new DeleteRolePolicyCommand(inline)));
    }
    return roleArn(RoleName);
  }

  setTrust(name: string, trust: string): Promise<unknown> {
    const input = { RoleName: `${this.namespace}-${name}`, PolicyDocument: trust };
    return this.site.iam.send(new UpdateAssumeRolePolicyCommand(input));
  }

  /** Trust of Pod Identity for one service account of the cluster. */
  podTrust(serviceAccount = 'app', conditions: object = {}): string {
    return policy({
      Principal: { Service: PODS },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: {
        StringEquals: {
          'aws:RequestTag/eks-cluster-arn': clusterArn(CLUSTER),
          'aws:RequestTag/kubernetes-namespace': this.namespace,
          'aws:RequestTag/kubernetes-service-account': serviceAccount,
          ...conditions,
        },
      },
    });
  }

  webTrust(subject = `system:serviceaccount:${this.namespace}:app`, issuer = this.site.issuer): string {
    return policy({
      Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer}:sub`]: subject, [`${issuer}:aud`]: 'sts.amazonaws.com' } },
    });
  }

  /** Returns the id of the association. */
  async associate(
    role: string,
    serviceAccount = 'app',
    further: Omit<Partial<CreatePodIdentityAssociationCommandInput>, 'roleArn'> = {},
  ) {
    const { eks } = this.site;
    const { association } = await eks.send(
      new CreatePodIdentityAssociationCommand({
        clusterName: CLUSTER,
        namespace: this.namespace,
        serviceAccount,
        roleArn: role,
        ...further,
      }),
    );
    const { associationId = '' } = association ?? {};
    this.later(() => this.dissociate(associationId).catch(() => undefined));
    return associationId;
  }

  dissociate(associationId: string): Promise<unknown> {
    return this.site.eks.send(new DeletePodIdentityAssociationCommand({ clusterName: CLUSTER, associationId }));
  }

  /** Creates a pod that never starts, because its image does not exist. Returns a function that replaces it. */
  async pod(name = 'app', spec: PodParts = {}): Promise<(spec?: PodParts) => Promise<void>> {
    const path = this.path('pods');
    const object = ({ container, labels = {}, ...rest }: PodParts): Sent => ({
      metadata: { name, labels },
      spec: {
        serviceAccountName: 'app',
        ...rest,
        containers: [{ name: 'main', image: 'ledger:1', ...container }],
      },
    });
    await this.create(path, object(spec));
    return async (changed = spec) => {
      await this.delete(`${path}/${name}`);
      await this.site.kubernetes.json('POST', path, object(changed));
    };
  }

  /** Creates a service account with an association, and a pod. */
  async podIdentity(spec: PodParts = {}): Promise<(spec?: PodParts) => Promise<void>> {
    await this.account();
    await this.associate(await this.role('app', this.podTrust()));
    return this.pod('app', spec);
  }

  /** Creates a service account with a role annotation, and a pod. */
  async webIdentity(trust = this.webTrust()): Promise<(spec?: PodParts) => Promise<void>> {
    await this.account('app', { 'eks.amazonaws.com/role-arn': await this.role('app', trust) });
    return this.pod();
  }

  /** Replaces the webhook's configuration or the agent's DaemonSet until the end. */
  async replace(path: string, changes: (now: Sent) => object): Promise<() => Promise<void>> {
    const before = await this.site.kubernetes.json<Sent>('GET', path);
    const restore = (): Promise<void> => this.patch(path, { spec: before['spec'], webhooks: before['webhooks'] });
    await this.patch(path, changes(before));
    this.later(restore);
    return restore;
  }

  /** Deletes an object, and creates it again at the end. Returns a function that creates it earlier. */
  async withdraw(path: string): Promise<() => Promise<void>> {
    const { metadata, ...rest } = await this.site.kubernetes.json<Sent>('GET', path);
    const { name, labels = {} } = metadata;
    await this.delete(path);
    let isGone = true;
    const restore = async (): Promise<void> => {
      if (!isGone) return;
      isGone = false;
      await this.site.kubernetes.json('POST', path.slice(0, path.lastIndexOf('/')), {
        ...rest,
        metadata: { name, labels },
      });
    };
    this.later(restore);
    return restore;
  }

  async installAgent(): Promise<void> {
    await this.site.eks.send(new CreateAddonCommand({ clusterName: CLUSTER, addonName: AGENT }));
  }
}

export interface PodParts {
  readonly container?: object;
  readonly labels?: object;
  readonly [field: string]: unknown;
}
