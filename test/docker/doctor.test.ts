import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { ensureComponentImage } from '../../clusters/kind/images/index.ts';
import { KIND } from '../../clusters/kind/cluster-type.ts';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { distFolder } from '../../foundation/node/dist-folder.ts';
import { AGENT, CLUSTER, policy, roleArn, Scene, startSite, type Sent, type Site } from '../doctor/site.ts';
import { SYMPTOMS, type World } from '../doctor/worlds.ts';
import { nodeImage } from '../support/node-image.ts';
import { ROOT } from '../support/run-cli.ts';
import { until } from '../support/until.ts';

const NODE = `${CLUSTER}-control-plane`;
const FOLDER = join(ROOT, 'examples', 'preflight');
const MANIFESTS = { init: 'init-container.yaml', helm: 'helm-test.yaml' };

/** Titles of worlds that kind cannot have, with the reason. */
const NOT_ON_KIND: Readonly<Record<string, string>> = {
  'an agent whose image cannot be pulled': "the add-on's status does not follow the agent's pods",
  'an add-on whose pods are down': "the add-on's status does not follow the agent's pods",
  'an agent that does not tolerate the taint of a node group': 'all nodes belong to one node group',
  'a caBundle of another certificate authority': 'the webhook is a Service with a certificate authority of its own',
  'a pod that was created while the webhook did not answer': 'the clock of the cluster cannot be moved',
  'a pod with an association on a hybrid node without the hybrid agent':
    'a node without a kubelet has no room for pods',
  'a node role without eks-auth:AssumeRoleForPodIdentity': 'the provider ids of nodes name no EC2 instance',
  'a pod without an identity on a node with hop limit 2': 'the provider ids of nodes name no EC2 instance',
};
/** Checks whose worlds change the whole cluster. They are made one after the other. */
const ALONE = new Set(['PID101', 'PID106', 'PID201', 'PID307', 'PID601', 'PID602', 'PID603', 'PID703', 'PID807']);

interface PodStatus {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase?: string;
    readonly initContainerStatuses?: readonly {
      readonly state?: { readonly terminated?: { readonly exitCode: number } };
    }[];
  };
}

describe('doctor and preflight on kind', () => {
  let site: Site;
  const image = nodeImage();
  /** The image in the example's manifests. */
  let preflightImage: string;

  before(async () => {
    site = await startSite({ type: KIND, flags: ['--kind-image', image, '--image-base', image] });
    preflightImage = await loadPreflightImage(image);
  });
  after(async () => {
    await site.close();
    await execa('docker', ['image', 'rm', '--force', preflightImage]);
  });
  const kubectl = (args: readonly string[], input = '') =>
    execa('docker', ['exec', '-i', NODE, 'kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...args], { input });

  describe('preflight', () => {
    const namespace = 'payments';
    let scene: Scene;
    before(async () => {
      scene = await Scene.open(site, namespace);
      await scene.account('ledger');
      const { iam, s3 } = site.aws.clients('main');
      const bucket = { Bucket: 'example-payments-ledger' };
      await s3.send(
        new CreateBucketCommand({ ...bucket, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }),
      );
      await s3.send(new PutObjectCommand({ ...bucket, Key: 'entries/2025', Body: 'x' }));
      await iam.send(new CreateRoleCommand({ RoleName: 'ledger', AssumeRolePolicyDocument: scene.podTrust('ledger') }));
      const read = policy({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::example-payments-ledger/*' });
      await iam.send(new PutRolePolicyCommand({ RoleName: 'ledger', PolicyName: 'read', PolicyDocument: read }));
      await scene.associate(roleArn('ledger'), 'ledger');
    });
    after(() => scene.close());

    /** Applies an example. Its only changes are the address of the emulated AWS, and those given. */
    const apply = async (
      file: string,
      change: (manifest: string) => string = (manifest) => manifest,
    ): Promise<void> => {
      const manifest = parse(change(readFileSync(join(FOLDER, file), 'utf8'))) as Manifest;
      const { initContainers = [], containers } = manifest.spec.template.spec;
      for (const container of [...initContainers, ...containers])
        container['env'] = [{ name: 'AWS_ENDPOINT_URL', value: site.emulator.endpoint }];
      await kubectl(['apply', '--namespace', namespace, '--filename', '-'], stringify(manifest));
    };
    const podOf = async (selector: string, isOver: (pod: PodStatus) => boolean): Promise<PodStatus> => {
      let found: PodStatus | undefined;
      await until(async () => {
        const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
        const { items } = await site.kubernetes.json<{ items: PodStatus[] }>('GET', path);
        found = items.find(isOver);
        return found !== undefined;
      });
      return found!;
    };
    const logOf = async ({ metadata }: PodStatus): Promise<string> => {
      const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}/log?container=preflight`;
      return text(await site.kubernetes.open(path, AbortSignal.timeout(10_000)));
    };
    const exitOf = ({ status }: PodStatus) => status.initContainerStatuses?.[0]?.state?.terminated?.exitCode;
    const isOver = ({ status }: PodStatus): boolean => status.phase === 'Succeeded' || status.phase === 'Failed';

    it('lets the main container start after the init container of the example', async () => {
      await apply(MANIFESTS.init);
      const pod = await podOf('app=ledger', (one) => exitOf(one) !== undefined);
      expect(exitOf(pod), await logOf(pod)).to.equal(0);
      expect(await logOf(pod)).to.match(/^ok +read +s3:\/\/example-payments-ledger\/entries\/2025 can be read/m);
    });

    it('keeps the main container from starting with another role', async () => {
      await apply(MANIFESTS.init, (manifest) =>
        manifest
          .replace('name: ledger\n  namespace', 'name: other\n  namespace')
          .replaceAll('app: ledger', 'app: other')
          .replaceAll('role/ledger', 'role/other'),
      );
      const pod = await podOf('app=other', (one) => exitOf(one) !== undefined);
      expect(exitOf(pod)).to.equal(1);
      expect(await logOf(pod)).to.match(
        /^FAILED at identity: .*should have role arn:aws:iam::111122223333:role\/other/m,
      );
    });

    it('succeeds as the Helm test of the example, and fails for another role', async () => {
      await apply(MANIFESTS.helm);
      const pod = await podOf('job-name=preflight', isOver);
      expect(pod.status.phase, await logOf(pod)).to.equal('Succeeded');
      await apply(MANIFESTS.helm, (manifest) =>
        manifest.replace('name: preflight', 'name: preflight-other').replace('role/ledger', 'role/other'),
      );
      expect((await podOf('job-name=preflight-other', isOver)).status.phase).to.equal('Failed');
    });
  });

  describe('the checks', () => {
    const possible = SYMPTOMS.filter(({ title }) => !(title in NOT_ON_KIND));
    const [alone, together] = [true, false].map((isAlone) =>
      possible.filter(({ check }) => ALONE.has(check) === isAlone),
    ) as [World[], World[]];
    /** Waits for a pod of the agent, which starts within seconds of a change of its DaemonSet. */
    const findings = async (): Promise<readonly string[]> => {
      await until(async () => {
        const path = '/apis/apps/v1/namespaces/kube-system/daemonsets';
        const { items } = await site.kubernetes.json<{ items: Sent[] }>('GET', path);
        const agents = items.filter(({ metadata }) => metadata.name === AGENT);
        return agents.every(({ metadata, status }) => {
          const { observedGeneration, updatedNumberScheduled = 0, numberReady = 0 } = status as Record<string, number>;
          return observedGeneration === metadata['generation'] && updatedNumberScheduled > 0 && numberReady > 0;
        });
      });
      return site.findings();
    };
    const make = async ({ make: makeWorld, check }: World, namespace: string) => {
      const scene = await Scene.open(site, namespace);
      const broken = await makeWorld(scene);
      return { scene, expected: broken.findings.map((one) => `${check} ${one}`), repair: broken.repair };
    };

    it('find exactly the problems of namespaces, and nothing after their repair', async () => {
      const made = await Promise.all(
        together.map((world, index) => make(world, `${world.check.toLowerCase()}-${index}`)),
      );
      expect(await findings()).to.deep.equal(made.flatMap(({ expected }) => expected).sort());
      await Promise.all(made.map(({ repair }) => repair()));
      expect(await findings()).to.deep.equal([]);
    });

    for (const [index, world] of alone.entries())
      it(`${world.check}: find ${world.title}, and nothing after its repair`, async () => {
        const { scene, expected, repair } = await make(world, `alone-${index}`);
        try {
          expect(await findings()).to.deep.equal(expected);
          await repair();
          expect(await findings()).to.deep.equal([]);
        } finally {
          await scene.undo();
        }
      });

    it('know the titles of all worlds that kind cannot have', () => {
      expect(SYMPTOMS.map(({ title }) => title)).to.include.members(Object.keys(NOT_ON_KIND));
    });
  });
});

interface Manifest {
  readonly spec: {
    readonly template: {
      readonly spec: Partial<Record<'initContainers', Record<string, unknown>[]>> & {
        containers: Record<string, unknown>[];
      };
    };
  };
}

/** Makes the example's image, with a local base instead of one from a registry, and loads it into the node. */
async function loadPreflightImage(base: string): Promise<string> {
  const from = await ensureComponentImage({
    workload: JAVASCRIPT,
    base,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  const lines = readFileSync(join(FOLDER, 'Dockerfile'), 'utf8').split('\n');
  const changes = lines.filter((line) => /^(USER|ENTRYPOINT) /.test(line)).flatMap((line) => ['--change', line]);
  const name = /image: (\S+preflight\S*)/.exec(readFileSync(join(FOLDER, MANIFESTS.helm), 'utf8'))![1]!;
  const { stdout: container } = await execa('docker', ['create', from]);
  await execa('docker', ['cp', join(distFolder(), 'preflight.cjs'), `${container}:/preflight.cjs`]);
  await execa('docker', ['commit', ...changes, container, name]);
  await execa('docker', ['rm', container]);
  await execa('docker', ['save', name], { buffer: false }).pipe('docker', [
    ...['exec', '-i', NODE, 'ctr', '--namespace=k8s.io', 'images', 'import', '-'],
  ]);
  return name;
}
