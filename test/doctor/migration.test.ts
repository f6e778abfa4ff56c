import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DeleteAddonCommand, DescribeClusterCommand } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { planOf, type MigrationPlan } from '../../doctor/migration/plan.ts';
import type { Action } from '../../doctor/migration/action.ts';
import type { MigrationStep } from '../../doctor/migration/effects.ts';
import { inventoryOf } from '../../doctor/output/report.ts';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import { registerCluster } from '../../harness/engine/emulator-clusters.ts';
import { Migrating } from './migrating.ts';
import { AGENT, CLUSTER, policy, Scene, startSite, type PodParts, type Site } from './site.ts';

const ROLE = 'eks.amazonaws.com/role-arn';
const MIGRATED: readonly Action['type'][] = [
  'AddTrustStatement',
  'CreatePodIdentityAssociation',
  'RestartPods',
  'RemoveRoleAnnotation',
  'ReplaceTrustStatement',
];

interface SetUp {
  readonly title: string;
  readonly make: (scene: Scene, pods: Migrating) => Promise<unknown>;
  /** The expected actions in their order. */
  readonly actions: readonly Action['type'][];
  readonly state?: 'blocked' | 'kept';
  /** A part of the account's blockers or notes. */
  readonly because?: RegExp;
  /** The step after which pods can no longer read, as the plan says. */
  readonly losesAt?: Action['type'];
}

/** Creates an annotated service account, its role and a pod. */
async function irsa(scene: Scene, pods: Migrating, trust = scene.webTrust(), parts: PodParts = {}): Promise<string> {
  const { permissions } = await pods.bucket();
  const arn = await scene.role('web', trust, permissions);
  await scene.account('app', { [ROLE]: arn });
  await pods.start(parts);
  return arn;
}

const statementsOf = (document: string): readonly object[] =>
  (JSON.parse(document) as { Statement: object[] }).Statement;
const joined = (...documents: readonly string[]): string => policy(...documents.flatMap(statementsOf));
const subjectOf = (scene: Scene, ...names: readonly string[]) =>
  names.map((name) => `system:serviceaccount:${scene.namespace}:${name}`);

const SET_UPS: readonly SetUp[] = [
  { title: 'IRSA only', make: irsa, actions: MIGRATED },
  {
    title: 'an association and an annotation with one role, and a pod that is older than the association',
    make: async (scene, pods) => {
      const arn = await irsa(scene, pods, joined(scene.webTrust(), scene.podTrust()));
      await scene.associate(arn);
    },
    actions: ['RestartPods', 'RemoveRoleAnnotation', 'ReplaceTrustStatement'],
  },
  {
    title: 'an association with a role that cannot read, next to an annotation',
    make: async (scene, pods) => {
      await irsa(scene, pods);
      await scene.associate(await scene.role('app', scene.podTrust()));
    },
    actions: ['RestartPods', 'RemoveRoleAnnotation'],
    losesAt: 'RestartPods',
  },
  {
    title: 'a role of another account',
    make: async (scene, pods) => {
      const { aws, issuer } = scene.site;
      const { iam } = aws.clients('other');
      const { permissions } = await pods.bucket('other');
      await iam
        .send(new CreateOpenIDConnectProviderCommand({ Url: `https://${issuer}`, ClientIDList: ['sts.amazonaws.com'] }))
        .catch(() => undefined);
      const RoleName = `${scene.namespace}-web`;
      const AssumeRolePolicyDocument = scene.webTrust().replaceAll(aws.accountId('main'), aws.accountId('other'));
      const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      scene.later(() => iam.send(new DeleteRoleCommand({ RoleName })));
      const named = { RoleName, PolicyName: 'permissions' };
      await iam.send(new PutRolePolicyCommand({ ...named, PolicyDocument: permissions }));
      scene.later(() => iam.send(new DeleteRolePolicyCommand(named)));
      await scene.account('app', { [ROLE]: Role?.Arn });
      await pods.start();
    },
    actions: [
      'CreateRole',
      'PutRolePolicy',
      'AddTrustStatement',
      'CreatePodIdentityAssociation',
      'RestartPods',
      'RemoveRoleAnnotation',
    ],
  },
  {
    title: 'a role of two service accounts and of a third one that is not migrated',
    make: async (scene, pods) => {
      const trust = scene.webTrust(subjectOf(scene, 'app', 'second', 'elsewhere') as unknown as string);
      const arn = await irsa(scene, pods, trust);
      await scene.account('second', { [ROLE]: arn });
      await pods.start({}, 'second');
    },
    actions: [
      'AddTrustStatement',
      'AddTrustStatement',
      'CreatePodIdentityAssociation',
      'RestartPods',
      'RemoveRoleAnnotation',
      'CreatePodIdentityAssociation',
      'RestartPods',
      'RemoveRoleAnnotation',
      'ReplaceTrustStatement',
    ],
  },
  {
    title: 'trust for Pod Identity without sts:TagSession',
    make: (scene, pods) =>
      irsa(scene, pods, joined(scene.webTrust(), scene.podTrust().replace(',"sts:TagSession"', ''))),
    actions: MIGRATED,
  },
  {
    title: 'an association with a target role that does not allow session tags',
    make: async (scene, pods) => {
      const base = await scene.role('base', scene.podTrust(), policy({ Action: 'sts:AssumeRole', Resource: '*' }));
      const chain = policy({ Principal: { AWS: base }, Action: 'sts:AssumeRole' });
      const targetRoleArn = await irsa(scene, pods, joined(scene.webTrust(), chain));
      await scene.associate(base, 'app', { targetRoleArn });
    },
    actions: ['PutRolePolicy', 'AddTrustStatement', 'RestartPods', 'RemoveRoleAnnotation', 'ReplaceTrustStatement'],
  },
  {
    title: 'a program that assumes a further role',
    make: async (scene, pods) => {
      const { permissions } = await pods.bucket();
      const further = `arn:aws:iam::${scene.site.aws.accountId('main')}:role/${scene.namespace}-further`;
      const arn = await scene.role('web', scene.webTrust(), policy({ Action: 'sts:AssumeRole', Resource: further }));
      await scene.role('further', policy({ Principal: { AWS: arn }, Action: 'sts:AssumeRole' }), permissions);
      await scene.account('app', { [ROLE]: arn });
      await pods.start({}, 'app', scene, { CHAINED_ROLE: further });
    },
    actions: ['AddTrustStatement', 'PutRolePolicy', ...MIGRATED],
  },
  {
    title: 'a pod on Fargate next to one on EC2',
    make: async (scene, pods) => {
      await irsa(scene, pods);
      await scene.node('fargate', { 'eks.amazonaws.com/compute-type': 'fargate' });
      await scene.pod('on-fargate', { nodeName: 'fargate' });
    },
    actions: [],
    state: 'blocked',
    because: /PID307 .*AWS Fargate/,
  },
  {
    title: 'a pod in the host network',
    make: (scene, pods) => irsa(scene, pods, scene.webTrust(), { hostNetwork: true }),
    actions: MIGRATED,
    because: /host network/,
  },
  {
    title: 'the node role only',
    make: async (scene, pods) => {
      await pods.bucket();
      await scene.account();
      await scene.pod();
      await scene.site.setMetadata({ HttpPutResponseHopLimit: 2 });
      scene.later(() => scene.site.setMetadata({ HttpPutResponseHopLimit: 1 }));
    },
    actions: [],
    state: 'kept',
    because: /role of their node/,
  },
  {
    title: 'static keys next to an annotation',
    make: async (scene) => {
      await scene.account('app', { [ROLE]: await scene.role('web', scene.webTrust()) });
      const env = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({ name, value: 'x' }));
      await scene.pod('app', { container: { env } });
    },
    actions: [],
    state: 'kept',
    because: /static keys/,
  },
  {
    title: "a web identity that the pod's manifest sets itself",
    make: async (scene, pods) => {
      const arn = await irsa(scene, pods);
      const env = [
        { name: 'AWS_ROLE_ARN', value: arn },
        { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/own/token' },
      ];
      await scene.pod('own', { container: { env } });
    },
    actions: [],
    state: 'blocked',
    because: /PID503/,
  },
  {
    title: 'a role that a second cluster uses too',
    make: async (scene, pods) => {
      const { aws } = scene.site;
      const { kubeConfig } = await registerCluster(aws, 'green', { tags: { team: 'green' }, addon: {} });
      const { cluster } = await scene.site.eks.send(new DescribeClusterCommand({ name: 'green' }));
      const issuer = (cluster?.identity?.oidc?.issuer ?? '').replace('https://', '');
      const kubernetes = connect(kubeConfig);
      scene.later(async () => kubernetes.close());
      const green = await Scene.open({ ...scene.site, kubernetes, issuer }, scene.namespace);
      const arn = await irsa(scene, pods, joined(scene.webTrust(), green.webTrust()));
      await green.account('app', { [ROLE]: arn });
      await pods.start({}, 'app', green);
    },
    actions: MIGRATED,
  },
  {
    title: 'trust for IRSA with a wildcard',
    make: (scene, pods) => irsa(scene, pods, scene.webTrust('*').replace('StringEquals', 'StringLike')),
    actions: MIGRATED.slice(0, -1),
  },
  {
    title: 'a cluster without the agent',
    make: async (scene, pods) => {
      await irsa(scene, pods);
      await scene.site.eks.send(new DeleteAddonCommand({ clusterName: CLUSTER, addonName: AGENT }));
      scene.later(() => scene.installAgent().catch(() => undefined));
    },
    actions: ['CreateAddon', ...MIGRATED],
  },
];

describe('doctor migration, carried out on embedded clusters', () => {
  let site: Site;
  before(async () => {
    site = await startSite();
  });
  after(() => site.close());

  /** Returns the plan as a reader of its JSON gets it. */
  const planned = async (): Promise<MigrationPlan> =>
    JSON.parse(JSON.stringify(planOf(await site.collect({ policies: true })))) as MigrationPlan;

  const mechanismsIn = async ({ namespace }: Scene): Promise<readonly string[]> =>
    inventoryOf(await site.collect())
      .filter((row) => row.namespace === namespace)
      .map(({ serviceAccount, mechanism, roleArn }) => [serviceAccount, mechanism, roleArn].join(' '));

  for (const [index, { title, make, actions, state, because, losesAt }] of SET_UPS.entries())
    it(`${title}: ${state === undefined ? 'running and new pods read after each step, and running ones after each undo' : state}`, async () => {
      const scene = await Scene.open(site, `migration-${index}`);
      const pods = new Migrating(scene);
      try {
        await make(scene, pods);
        expect(await pods.failures()).to.deep.equal([]);
        const mechanisms = await mechanismsIn(scene);
        const plan = await planned();
        const accounts = plan.serviceAccounts.filter(({ namespace }) => namespace === scene.namespace);
        for (const account of accounts) {
          expect(account.state, account.blockers.join()).to.equal(state ?? 'ready');
          if (because !== undefined) expect([...account.blockers, ...account.notes].join()).to.match(because);
        }
        expect(accounts).to.not.have.length(0);
        const steps = [...plan.preparation, ...plan.migrations.flatMap((one) => one.steps)];
        expect(steps.map(({ action }) => action.type)).to.deep.equal(actions);
        await follow(pods, steps, losesAt);
        if (losesAt !== undefined) return;
        const { serviceAccounts } = await planned();
        const after = serviceAccounts.filter(({ namespace }) => namespace === scene.namespace);
        if (actions.length > 0) expect(after.map((one) => one.state)).to.deep.equal(after.map(() => 'done'));
        await takeBack(pods, steps);
        // With an association from before, restarted pods keep Pod Identity.
        if (actions.includes('CreatePodIdentityAssociation'))
          expect(await mechanismsIn(scene)).to.deep.equal(mechanisms);
      } finally {
        await scene.close();
      }
    });
});

/**
 * Carries out steps. After each of them every pod reads, and so does one that starts then if it could before. Ends at the step
 * of which the plan says that it changes what pods can do.
 */
async function follow(pods: Migrating, steps: readonly MigrationStep[], losesAt?: Action['type']): Promise<void> {
  let newcomers = await pods.newcomers();
  for (const { title, action, access } of steps) {
    await pods.apply(action);
    const failures = await pods.failures();
    if (action.type !== losesAt) expect(failures, title).to.deep.equal([]);
    else {
      expect(failures, title).to.not.deep.equal([]);
      expect(access, title).to.equal('changes');
      return;
    }
    const failing = await pods.newcomers();
    expect(newcomers, `new pods after: ${title}`).to.include.members([...failing]);
    newcomers = failing;
  }
  expect(newcomers).to.deep.equal([]);
}

async function takeBack(pods: Migrating, steps: readonly MigrationStep[]): Promise<void> {
  for (const { title, undo } of steps.toReversed()) {
    if (undo.actions[0]?.type === 'DeleteAddon') continue;
    for (const action of undo.actions) await pods.apply(action);
    expect(await pods.failures(), `undo of: ${title}`).to.deep.equal([]);
  }
}
