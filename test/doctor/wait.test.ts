import { expect } from 'chai';
import { policyDocument } from '../../doctor/collect/index.ts';
import type { Waited } from '../../doctor/wait/wait.ts';
import type { Io } from '../../foundation/node/io.ts';
import { collectedCluster, type CollectedCluster } from '../support/collected-cluster.ts';
import { executed, type Executed } from '../support/executed.ts';
import { setEnvironment } from '../support/process-environment.ts';
import { runConformance } from '../support/run-cli.ts';
import { CLUSTER, policy, PODS, Scene, startSite, WEBHOOK_PATH, AGENT_PATH, type Sent, type Site } from './site.ts';

describe('doctor wait', () => {
  let site: Site;
  let scene: Scene;
  let count = 0;
  const variables = { ...process.env };
  before(async () => {
    site = await startSite();
    const { accessKeyId, secretAccessKey } = site.emulator.administrator;
    // The SDK's default chain reads this process' environment.
    setEnvironment({ ...variables, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  });
  after(async () => {
    setEnvironment(variables);
    await site.close();
  });
  beforeEach(async () => {
    count += 1;
    scene = await Scene.open(site, `wait-${count}`);
  });
  afterEach(() => scene.close());

  const wait = (args: readonly string[] = [], more: Partial<Io> = {}): Promise<Executed> => {
    const { emulator, kubeconfig } = site;
    const words = ['wait', '-n', scene.namespace, '--service-account', 'app', '--no-color', '--cluster-name', CLUSTER];
    const place = ['--region', emulator.region, '--aws-endpoint', emulator.endpoint, '--kubeconfig', kubeconfig];
    return executed('doctor', [...words, ...place, ...args], more);
  };
  /** Standard error that calls `use` once when a line matches. */
  const once = (pattern: RegExp, use: () => void): Partial<Io> => {
    let isUsed = false;
    const write = (text: string): boolean => {
      if (!isUsed && pattern.test(text)) use();
      isUsed ||= pattern.test(text);
      return true;
    };
    return { stderr: { write } as Io['stderr'] };
  };
  const obstacleOf = ({ out }: Executed) => (JSON.parse(out) as Waited).obstacle;
  const associated = async (trust = scene.podTrust()): Promise<void> => {
    await scene.account();
    await scene.associate(await scene.role('app', trust));
  };

  it('succeeds when the association appears, and writes nothing', async () => {
    await scene.account();
    const role = await scene.role('app', scene.podTrust());
    const before = site.requests.length;
    let association: Promise<unknown> | undefined;
    const { code, out } = await wait(
      [],
      once(/^association is not ready: .* has no association/, () => void (association = scene.associate(role))),
    );
    await association;
    expect(code, out).to.equal(0);
    expect(out).to.match(/^ {2}yes +injection +5 of 5 pods of dry runs have the variables\.$/m);
    expect(out).to.match(/^ {2}yes +agent +it is ready on \d+ nodes?\.$/m);
    expect(out).to.contain(`a new pod may get role ${role}.`).and.to.contain('whether EKS Auth already knows');
    expect(site.requests.slice(before).filter((one) => !/^(get|list) /.test(one))).to.include('create pods');
    const { items } = await site.kubernetes.json<{ items: Sent[] }>('GET', scene.path('pods'));
    expect(items).to.deep.equal([]);
  });

  it('succeeds for a role annotation', async () => {
    const role = await scene.role('app', scene.webTrust());
    await scene.account('app', { 'eks.amazonaws.com/role-arn': role });
    const { code, out } = await wait(['--format', 'json']);
    expect(code, out).to.equal(0);
    expect((JSON.parse(out) as Waited).steps.map(({ name }) => name)).to.deep.equal([
      ...['annotation', 'injection', 'trust'],
    ]);
  });

  for (const [what, pattern, make] of [
    ['a missing service account', /^service account .* has no association/, () => Promise.resolve()],
    [
      'a missing webhook',
      /^0 of 5 pods .*: the Pod Identity webhook is not registered$/,
      async () => {
        await associated();
        await scene.withdraw(WEBHOOK_PATH);
      },
    ],
    ['a trust policy that denies', /sts:AssumeRole/, () => associated(scene.podTrust('other'))],
    [
      'a missing agent',
      /^DaemonSet eks-pod-identity-agent does not exist$/,
      async () => {
        await associated();
        await scene.withdraw(AGENT_PATH);
      },
    ],
  ] as const)
    it(`exits with 1 and names ${what} when the time is over`, async () => {
      await make();
      const result = await wait(['--timeout', '4s', '--format', 'json']);
      expect(result.code, result.err).to.equal(1);
      expect(obstacleOf(result)).to.include({ value: 'no' });
      expect(obstacleOf(result)?.text).to.match(pattern);
      expect(result.err).to.contain(` is not ready: ${obstacleOf(result)?.text}.\n`);
    });

  it('exits with 130 after an interrupt', async () => {
    const controller = new AbortController();
    const { code, out } = await wait([], {
      ...once(/association is not ready/, () => controller.abort(new Error('interrupted'))),
      interruption: () => controller.signal,
    });
    expect(code).to.equal(130);
    expect(out).to.equal('');
  });

  for (const [what, args, sentence] of [
    ['no service account', [], /^--service-account is missing/],
    ['a bad time', ['--service-account', 'app', '--timeout', 'soon'], /^--timeout is "soon": use a value such as 90s/],
  ] as const)
    it(`rejects ${what} in one sentence`, async () => {
      const { code, err } = await executed('doctor', ['wait', ...args]);
      expect(err).to.match(sentence);
      expect(code).to.equal(2);
    });

  it('prints its right to create pods with --print-rbac, with bindings', async () => {
    const { code, out } = await executed('doctor', ['wait', '-n', 'payments', '--print-rbac']);
    const { items } = JSON.parse(out) as {
      readonly items: readonly { readonly kind: string; readonly rules: object }[];
    };
    expect(items.map(({ kind }) => kind)).to.deep.equal(['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);
    expect(items[2]?.rules).to.deep.equal([{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }]);
    expect(code).to.equal(0);
  });
});

describe('doctor wait with the rights of --print-policy and --print-rbac', () => {
  let site: CollectedCluster;
  before(async () => {
    site = await collectedCluster();
    await site.cloud.setPolicy(JSON.stringify(policyDocument()));
  });
  after(() => site.close());

  const wait = (more: readonly string[] = []) => {
    const { endpoint } = site.cloud.emulator;
    return runConformance({
      command: 'doctor',
      reports: 'own',
      env: { ...site.cloud.environment, AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL: endpoint },
      args: [
        ...['wait', '-n', 'payments', '--service-account', 'ledger', '--no-color', '--region', 'us-west-2'],
        ...['--kubeconfig', site.kubeconfig({ prod: { user: { token: site.token } } }), ...more],
      ],
    });
  };

  it('exits with 3 and names the right if it may not create pods, and succeeds with it', async () => {
    const denied = await wait();
    expect(denied.exitCode, denied.stdout + denied.stderr).to.equal(3);
    expect(denied.stdout).to.match(/^Last obstacle: .*the user may not create pods in namespace payments/m);
    const { iam } = site.cloud.aws.clients('main');
    const { UpdateAssumeRolePolicyCommand } = await import('@aws-sdk/client-iam');
    const session = ['sts:AssumeRole', 'sts:TagSession'];
    const PolicyDocument = policy({ Principal: { Service: PODS }, Action: session });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'ledger', PolicyDocument }));
    const rbac = await executed('doctor', ['wait', '-n', 'payments', '--print-rbac']);
    const { items } = JSON.parse(rbac.out) as { readonly items: readonly Sent[] };
    const path = '/apis/rbac.authorization.k8s.io/v1';
    await site.kubernetes.json('POST', `${path}/namespaces/payments/roles`, items[2]);
    const binding = {
      ...items[3],
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'doctors' }],
    };
    await site.kubernetes.json('POST', `${path}/namespaces/payments/rolebindings`, binding);
    const allowed = await wait();
    expect(allowed.exitCode, allowed.stdout + allowed.stderr).to.equal(0);
  });
});
