import {
  CreateAddonCommand,
  CreatePodIdentityAssociationCommand,
  DeletePodIdentityAssociationCommand,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import type { Action } from '../../doctor/migration/action.ts';
import type { Statement } from '../../doctor/facts/statements.ts';
import { until } from '../support/until.ts';
import { CLUSTER, policy, type PodParts, type Scene } from './site.ts';

const PROGRAM = fileURLToPath(new URL('object-server.js', import.meta.url));
/** A loaded machine may answer later than an SDK waits for credentials. */
const ATTEMPTS = 4;

interface RunningPod {
  readonly scene: Scene;
  readonly serviceAccount: string;
  readonly parts: PodParts;
  name: string;
  port: number;
}

/** Pods that read an object on request, and the APIs that carry out actions of a plan. */
export class Migrating {
  readonly #pods: RunningPod[] = [];
  readonly #scene: Scene;
  #count = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Creates a bucket with an object in an account. Returns the policy that lets a role read it. */
  async bucket(alias: 'main' | 'other' = 'main'): Promise<{ readonly name: string; readonly permissions: string }> {
    const { s3 } = this.#scene.site.aws.clients(alias);
    const Bucket = `${this.#scene.namespace}-objects`;
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }));
    this.#scene.later(() => s3.send(new DeleteBucketCommand({ Bucket })));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'text' }));
    this.#scene.later(() => s3.send(new DeleteObjectCommand({ Bucket, Key: 'key' })));
    const statement = { Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` };
    return { name: Bucket, permissions: policy(statement) };
  }

  /** Starts a pod, also in another cluster. */
  async start(parts: PodParts = {}, serviceAccount = 'app', scene = this.#scene, env: object = {}): Promise<void> {
    const { region, endpoint } = scene.site.emulator;
    const variables = {
      AWS_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      NODE_NO_WARNINGS: '1',
      BUCKET: `${this.#scene.namespace}-objects`,
      ...env,
    };
    const container = {
      image: JAVASCRIPT.image,
      command: [process.execPath, PROGRAM],
      env: Object.entries(variables).map(([name, value]) => ({ name, value: String(value) })),
    };
    const pod = {
      scene,
      serviceAccount,
      parts: { ...parts, serviceAccountName: serviceAccount, container },
      name: '',
      port: 0,
    };
    await this.#run(pod);
    this.#pods.push(pod);
  }

  async #run(pod: RunningPod): Promise<void> {
    const { kubernetes } = pod.scene.site;
    pod.name = `app-${(this.#count += 1)}`;
    await pod.scene.pod(pod.name, pod.parts);
    const path = `${pod.scene.path('pods')}/${pod.name}`;
    await until(async () => {
      const { status } = await kubernetes.json<{ status: { phase?: string } }>('GET', path);
      if (status.phase !== 'Running') return false;
      const log = await text(await kubernetes.open(`${path}/log`, new AbortController().signal));
      pod.port = Number(log.trim().split('\n').at(-1));
      return pod.port > 0;
    });
  }

  /** Returns the answers of running pods that cannot read the object. */
  async failures(): Promise<readonly string[]> {
    const answers = await Promise.all(this.#pods.map(async (pod) => `${pod.name} ${await answerOf(pod)}`));
    return answers.filter((answer) => !answer.endsWith(' granted'));
  }

  /** Returns the service accounts that a pod which starts now cannot read with. */
  async newcomers(): Promise<readonly string[]> {
    const failing: string[] = [];
    for (const pod of this.#pods) {
      const newcomer = { ...pod };
      await this.#run(newcomer);
      if ((await answerOf(newcomer)) !== 'granted') failing.push(pod.serviceAccount);
      await pod.scene.delete(`${pod.scene.path('pods')}/${newcomer.name}`);
    }
    return failing;
  }

  /** Replaces pods one by one: the new one runs before the old one ends. */
  async #restart(namespace: string, serviceAccount: string): Promise<void> {
    for (const pod of this.#pods) {
      if (pod.scene.namespace !== namespace || pod.serviceAccount !== serviceAccount) continue;
      if (pod.scene.site !== this.#scene.site) continue;
      const old = pod.name;
      await this.#run(pod);
      await pod.scene.delete(`${pod.scene.path('pods')}/${old}`);
    }
  }

  #iam(roleArn: string): { readonly iam: IAMClient; readonly RoleName: string } {
    const { aws } = this.#scene.site;
    const alias = roleArn.split(':')[4] === aws.accountId('main') ? 'main' : 'other';
    return { iam: aws.clients(alias).iam, RoleName: roleArn.split('/').at(-1) ?? '' };
  }

  async #changeTrust(roleArn: string, change: (statements: Statement[]) => readonly Statement[]): Promise<void> {
    const { iam, RoleName } = this.#iam(roleArn);
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const document = JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')) as { Statement: Statement };
    const PolicyDocument = JSON.stringify({ ...document, Statement: change([document.Statement].flat()) });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  }

  async apply(action: Action): Promise<void> {
    const { eks } = this.#scene.site;
    switch (action.type) {
      case 'CreateAddon':
        await eks.send(new CreateAddonCommand({ clusterName: action.cluster, addonName: action.addonName }));
        return this.#scene.site.agentIs('ACTIVE');
      case 'CreateRole': {
        const { iam, RoleName } = this.#iam(action.roleArn);
        const AssumeRolePolicyDocument = policy(action.statement);
        await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
        this.#scene.later(() => iam.send(new DeleteRoleCommand({ RoleName })).catch(() => undefined));
        return;
      }
      case 'DeleteRole': {
        const { iam, RoleName } = this.#iam(action.roleArn);
        return void (await iam.send(new DeleteRoleCommand({ RoleName })));
      }
      case 'AddTrustStatement':
        return this.#changeTrust(action.roleArn, (statements) => [...statements, action.statement]);
      case 'ReplaceTrustStatement':
        return this.#changeTrust(action.roleArn, (statements) =>
          statements.flatMap((one) => (isDeepStrictEqual(one, action.statement) ? (action.replacement ?? []) : one)),
        );
      case 'PutRolePolicy': {
        const { iam, RoleName } = this.#iam(action.roleArn);
        const named = { RoleName, PolicyName: action.policyName };
        await iam.send(new PutRolePolicyCommand({ ...named, PolicyDocument: policy(action.statement) }));
        this.#scene.later(() => iam.send(new DeleteRolePolicyCommand(named)).catch(() => undefined));
        return;
      }
      case 'DeleteRolePolicy': {
        const { iam, RoleName } = this.#iam(action.roleArn);
        return void (await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: action.policyName })));
      }
      case 'CreatePodIdentityAssociation': {
        const { namespace, serviceAccount, roleArn, targetRoleArn } = action;
        const input = { clusterName: CLUSTER, namespace, serviceAccount, roleArn, targetRoleArn };
        await eks.send(new CreatePodIdentityAssociationCommand(input));
        this.#scene.later(() => this.#dissociate(namespace, serviceAccount));
        return;
      }
      case 'DeletePodIdentityAssociation':
        return this.#dissociate(action.namespace, action.serviceAccount);
      case 'RestartPods':
        return this.#restart(action.namespace, action.serviceAccount);
      case 'RemoveRoleAnnotation':
        return this.#scene.annotate(action.serviceAccount, null);
      case 'SetRoleAnnotation':
        return this.#scene.annotate(action.serviceAccount, action.roleArn);
      default:
        throw new Error(`No plan has ${action.type}.`);
    }
  }

  async #dissociate(namespace: string, serviceAccount: string): Promise<void> {
    const { eks } = this.#scene.site;
    const { associations = [] } = await eks.send(
      new ListPodIdentityAssociationsCommand({ clusterName: CLUSTER, namespace, serviceAccount }),
    );
    for (const { associationId } of associations)
      await eks.send(new DeletePodIdentityAssociationCommand({ clusterName: CLUSTER, associationId }));
  }
}

async function answerOf({ port }: RunningPod): Promise<string> {
  let answer = '';
  for (let attempt = 0; attempt < ATTEMPTS && answer !== 'granted'; attempt += 1)
    answer = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  return answer;
}
