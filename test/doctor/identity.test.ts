import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { ClusterFacts } from '../../doctor/facts/cluster-facts.ts';
import { containersOf } from '../../doctor/facts/injection.ts';
import { identityOf, type Mechanism, type PredictedIdentity } from '../../doctor/facts/identity.ts';
import { until } from '../support/until.ts';
import { policy, Scene, startSite, type PodParts, type Site } from './site.ts';

const PROGRAM = fileURLToPath(new URL('report-identity.js', import.meta.url));

/** A pod that only starts with `start`, so that its identity can change after its admission. */
interface Workload {
  readonly title: string;
  readonly mechanism: Mechanism;
  /** The last part of the role's or the user's ARN; undefined without credentials. */
  readonly name?: string;
  readonly make: (scene: Scene, gated: (parts?: PodParts) => Promise<void>) => Promise<void>;
}

const WORKLOADS: readonly Workload[] = [
  {
    title: 'Pod Identity',
    mechanism: 'pod-identity',
    name: 'app',
    make: async (scene, pod) => {
      await scene.account();
      await scene.associate(await scene.role('app', scene.podTrust()));
      await pod();
    },
  },
  {
    title: 'IRSA',
    mechanism: 'web-identity',
    name: 'web',
    make: async (scene, pod) => {
      await scene.account('app', { 'eks.amazonaws.com/role-arn': await scene.role('web', scene.webTrust()) });
      await pod();
    },
  },
  {
    title: 'an association and an annotation',
    mechanism: 'pod-identity',
    name: 'app',
    make: async (scene, pod) => {
      await scene.account('app', { 'eks.amazonaws.com/role-arn': await scene.role('web', scene.webTrust()) });
      await scene.associate(await scene.role('app', scene.podTrust()));
      await pod();
    },
  },
  {
    title: 'an association that is younger than the pod of an annotation',
    mechanism: 'web-identity',
    name: 'web',
    make: async (scene, pod) => {
      await scene.account('app', { 'eks.amazonaws.com/role-arn': await scene.role('web', scene.webTrust()) });
      await pod();
      await scene.associate(await scene.role('app', scene.podTrust()));
    },
  },
  {
    title: 'a target role',
    mechanism: 'pod-identity',
    name: 'target',
    make: async (scene, pod) => {
      const Action = ['sts:AssumeRole', 'sts:TagSession'];
      const role = await scene.role('app', scene.podTrust(), policy({ Action, Resource: '*' }));
      const targetRoleArn = await scene.role('target', policy({ Principal: { AWS: role }, Action }));
      await scene.account();
      await scene.associate(role, 'app', { targetRoleArn });
      await pod();
    },
  },
  {
    title: 'no identity of its own',
    mechanism: 'node-role',
    name: 'blue-node',
    make: async (scene, pod) => {
      await scene.account();
      await pod();
    },
  },
  {
    title: 'no identity and no instance metadata',
    mechanism: 'none',
    make: async (scene, pod) => {
      await scene.account();
      await pod({ container: { env: [{ name: 'AWS_EC2_METADATA_DISABLED', value: 'true' }] } });
    },
  },
  {
    title: 'an association whose role does not trust it',
    mechanism: 'none',
    make: async (scene, pod) => {
      await scene.account();
      await scene.associate(await scene.role('app', scene.podTrust()));
      await pod();
      await scene.setTrust('app', scene.podTrust('other'));
    },
  },
  {
    title: 'a deleted association',
    mechanism: 'none',
    make: async (scene, pod) => {
      await scene.account();
      const id = await scene.associate(await scene.role('app', scene.podTrust()));
      await pod();
      await scene.dissociate(id);
    },
  },
  {
    title: 'IRSA with a role that trusts another service account',
    mechanism: 'none',
    make: async (scene, pod) => {
      const trust = scene.webTrust('system:serviceaccount:other:app');
      await scene.account('app', { 'eks.amazonaws.com/role-arn': await scene.role('web', trust) });
      await pod();
    },
  },
  {
    title: 'access keys next to an association',
    mechanism: 'static-keys',
    name: 'user',
    make: async (scene, pod) => {
      await scene.account();
      await scene.associate(await scene.role('app', scene.podTrust()));
      const { iam } = scene.site;
      const UserName = `${scene.namespace}-user`;
      await iam.send(new CreateUserCommand({ UserName }));
      scene.later(() => iam.send(new DeleteUserCommand({ UserName })));
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
      const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {};
      scene.later(() => iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })));
      await pod({
        container: {
          env: [
            { name: 'AWS_ACCESS_KEY_ID', value: AccessKeyId },
            { name: 'AWS_SECRET_ACCESS_KEY', value: SecretAccessKey },
          ],
        },
      });
    },
  },
];

describe('the predicted identity of doctor', () => {
  let site: Site;
  const scenes: Scene[] = [];
  let facts: ClusterFacts;
  before(async () => {
    site = await startSite();
    await site.setMetadata({ HttpPutResponseHopLimit: 2 });
    for (const [index, { make }] of WORKLOADS.entries()) {
      const scene = await Scene.open(site, `workload-${index}`);
      scenes.push(scene);
      await make(scene, async (parts = {}) => void (await scene.pod('app', gated(parts))));
    }
    for (const scene of scenes) await scene.patch(`${scene.path('pods')}/app`, { spec: { schedulingGates: null } });
    for (const scene of scenes) await ended(scene);
    facts = new ClusterFacts((await site.collect()).clusters[0]!);
  });
  after(async () => {
    for (const scene of scenes) await scene.close();
    await site.close();
  });

  const gated = ({ container = {}, ...parts }: PodParts): PodParts => {
    const { region, endpoint } = site.emulator;
    const variables = { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint, NODE_NO_WARNINGS: '1' };
    const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
    const { env: own = [] } = container as { env?: object[] };
    return {
      restartPolicy: 'Never',
      schedulingGates: [{ name: 'example.com/later' }],
      ...parts,
      container: { image: JAVASCRIPT.image, command: [process.execPath, PROGRAM], ...container, env: [...env, ...own] },
    };
  };

  const ended = (scene: Scene): Promise<void> =>
    until(async () => {
      const path = `${scene.path('pods')}/app`;
      const { status } = await site.kubernetes.json<{ status: { phase?: string } }>('GET', path);
      return status.phase === 'Succeeded' || status.phase === 'Failed';
    });

  /** Returns the last line of the ended pod. SDKs warn before it on a loaded machine. */
  const printed = async (scene: Scene): Promise<string> => {
    const log = await site.kubernetes.open(`${scene.path('pods')}/app/log`, new AbortController().signal);
    return (await text(log)).trim().split('\n').at(-1) ?? '';
  };

  const predicted = ({ namespace }: Scene): PredictedIdentity => {
    const pod = facts.snapshot.kubernetes.pods!.find(({ metadata }) => metadata.namespace === namespace)!;
    return identityOf(facts, pod);
  };

  for (const [index, { title, mechanism, name }] of WORKLOADS.entries())
    it(`is what a pod with ${title} reports`, async () => {
      const scene = scenes[index]!;
      const identity = predicted(scene);
      expect(identity.mechanism, identity.reason).to.equal(mechanism);
      const actual = await printed(scene);
      const [, role] = /^arn:aws:sts::\d+:assumed-role\/([^/]+)\//.exec(actual) ?? [];
      if (mechanism === 'static-keys') expect(actual).to.match(new RegExp(`:user/${scene.namespace}-${name}$`));
      else expect(role, actual).to.equal(identity.roleArn?.split('/').at(-1));
      if (name !== undefined) expect(actual).to.include(name);
      else expect(actual).to.match(/^\w+: /);
    });

  it('is what each container of a pod reports', async () => {
    const scene = await Scene.open(site, 'containers');
    scenes.push(scene);
    await scene.account();
    await scene.associate(await scene.role('app', scene.podTrust()));
    const { container = {}, schedulingGates: _gates, ...parts } = gated({});
    const env = [...(container as { env: object[] }).env, { name: 'AWS_MAX_ATTEMPTS', value: '1' }];
    const named = (name: string, more: object = {}) => ({ ...container, name, env, ...more });
    const [URI, TOKEN_FILE] = ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
    const other = [...env, { name: URI, value: 'http://169.254.170.23/v1/credentials' }];
    const spec = {
      ...{ serviceAccountName: 'app', ...parts },
      initContainers: [named('first'), named('skipped-init')],
      containers: [
        named('main'),
        named('skipped'),
        named('without-token', { env: other }),
        named('ungiven', { env: [...env, { name: TOKEN_FILE, value: '/none' }] }),
      ],
    };
    const annotations = { 'eks.amazonaws.com/skip-containers': 'skipped,skipped-init' };
    await scene.create(scene.path('pods'), { metadata: { name: 'app', annotations }, spec });
    await ended(scene);
    facts = new ClusterFacts((await site.collect()).clusters[0]!);
    const pod = facts.snapshot.kubernetes.pods!.find(({ metadata }) => metadata.namespace === scene.namespace)!;
    for (const [name, mechanism] of Object.entries({
      ...{ first: 'pod-identity', 'skipped-init': 'node-role', main: 'pod-identity', skipped: 'node-role' },
      ...{ 'without-token': 'none', ungiven: 'node-role' },
    })) {
      const path = `${scene.path('pods')}/app/log?container=${name}`;
      const actual = (await text(await site.kubernetes.open(path, new AbortController().signal)))
        .trim()
        .split('\n')
        .at(-1);
      const identity = identityOf(
        facts,
        pod,
        containersOf(pod).find((one) => one.name === name),
      );
      expect(identity.mechanism, `${name} ${actual} ${identity.reason}`).to.equal(mechanism);
      const [, role] = /^arn:aws:sts::\d+:assumed-role\/([^/]+)\//.exec(actual ?? '') ?? [];
      expect(role, `${name} ${actual}`).to.equal(identity.roleArn?.split('/').at(-1));
    }
  });

  it('does not exist on a node whose instance metadata is disabled', async () => {
    await site.setMetadata({ HttpEndpoint: 'disabled' });
    const scene = await Scene.open(site, 'without-metadata');
    scenes.push(scene);
    await scene.account();
    await scene.pod('app', { ...gated({}), schedulingGates: [] });
    await ended(scene);
    facts = new ClusterFacts((await site.collect()).clusters[0]!);
    expect(predicted(scene)).to.deep.equal({
      mechanism: 'none',
      reason: 'the instance metadata service is disabled',
    });
    expect(await printed(scene)).to.match(/^CredentialsProviderError: /);
  });
});
