import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { SECRETS } from '../support/secrets.ts';
import { setEnvironment } from '../support/process-environment.ts';
import { executed, type Executed } from '../support/executed.ts';
import { until } from '../support/until.ts';
import { CLUSTER, Scene, startSite, type Sent, type Site } from './site.ts';

describe('doctor pod --inside', () => {
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
    scene = await Scene.open(site, `inside-${count}`);
  });
  afterEach(() => scene.close());

  const doctor = (
    args: readonly string[] = [],
    more: Parameters<typeof executed>[2] = {},
    pod = 'app',
  ): Promise<Executed> => {
    const { emulator, kubeconfig } = site;
    const words = ['pod', pod, '-n', scene.namespace, '--inside', '--no-color', '--cluster-name', CLUSTER];
    const place = ['--region', emulator.region, '--aws-endpoint', emulator.endpoint, '--kubeconfig', kubeconfig];
    return executed('doctor', [...words, ...place, ...args], more);
  };
  const env = () => [{ name: 'AWS_ENDPOINT_URL', value: site.emulator.endpoint }];
  const list = async (path: string): Promise<readonly Sent[]> =>
    (await site.kubernetes.json<{ items: Sent[] }>('GET', path)).items;
  const jobs = () => list(scene.path('jobs', '/apis/batch/v1'));
  const expectNothingLeft = async (): Promise<void> => {
    expect(await jobs()).to.deep.equal([]);
    await until(async () => (await list(scene.path('pods'))).every(({ metadata }) => metadata.name === 'app'));
    await until(async () =>
      (await list(scene.path('configmaps'))).every(({ metadata }) => !metadata.name.startsWith('preflight')),
    );
  };

  it('prints the steps of a new pod next to those seen from outside, and deletes its Job', async () => {
    await scene.podIdentity({ container: { env: env() } });
    const before = site.requests.length;
    const { code, out, err } = await doctor();
    expect(code, out + err).to.equal(0);
    expect(out).to.match(
      /^ {2}ok +injection +main has Pod Identity\.\n {2}ok +Inside: Pod Identity with the agent at /m,
    );
    expect(out).to.match(/^ {2}ok +agent .*\n {2}ok +Inside: the agent gave credentials /m);
    expect(out).to.match(
      /^Inside: A new pod has arn:aws:sts::\d+:assumed-role\/inside-1-app\/.*, as expected from outside\.$/m,
    );
    expect(err).to.match(
      /^Creates Job preflight-\w+ and its ConfigMap in namespace inside-1, under service account app/m,
    );
    const made = site.requests.slice(before).filter((one) => !/^(get|list) /.test(one));
    expect(made).to.deep.equal(['create jobs', 'create configmaps', 'delete jobs']);
    for (const [name, pattern] of Object.entries(SECRETS)) expect(out + err, name).not.to.match(pattern);
    await expectNothingLeft();
  });

  it('shows that a new pod gets the role that an older pod lacks', async () => {
    await scene.account();
    await scene.pod('app', { container: { env: env() } });
    await scene.associate(await scene.role('app', scene.podTrust()));
    const { code, out } = await doctor();
    expect(out).to.match(/^ {2}FAIL +injection .*PID301.*\n {2}ok +Inside: Pod Identity/m);
    expect(out).to.match(
      /^Inside: A new pod has .*assumed-role\/inside-2-app\/.*, but this pod fails at hop injection\.$/m,
    );
    expect(code).to.equal(1);
    await expectNothingLeft();
  });

  it("reports the agent's refusal if the trust policy denies the role", async () => {
    await scene.podIdentity({ container: { env: env() } });
    await scene.setTrust('app', scene.podTrust('other'));
    const { code, out } = await doctor(['--format', 'json']);
    const { hops, inside } = JSON.parse(out) as { hops: { name: string; inside?: object }[]; inside: object };
    expect(hops.find(({ name }) => name === 'agent')?.inside).to.include({ state: 'FAIL' });
    expect(inside).to.include({ result: 'failed' });
    expect(code).to.equal(1);
  });

  it('takes a pod of a Deployment by its name', async () => {
    await scene.account();
    await scene.associate(await scene.role('app', scene.podTrust()));
    const labels = { app: 'app' };
    const spec = { serviceAccountName: 'app', containers: [{ name: 'main', image: 'ledger:1', env: env() }] };
    await scene.create(scene.path('deployments', '/apis/apps/v1'), {
      metadata: { name: 'shop' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    await until(async () => (await list(scene.path('pods'))).length === 1);
    const { code, out, err } = await doctor([], {}, 'deployment/shop');
    expect(code, out + err).to.equal(0);
    expect(out).to.contain(`Pod ${scene.namespace}/shop-`);
  });

  it('says why the Job cannot start, and deletes it', async () => {
    await scene.podIdentity();
    const { code, out, err } = await doctor(['--image', 'registry.example.com/node:none']);
    expect(out).to.match(
      /^Inside: The Job's container cannot start \(ImagePullBackOff\): .*--image names another image\.$/m,
    );
    expect(code, err).to.equal(3);
    await expectNothingLeft();
  });

  it('deletes the Job after an interrupt', async () => {
    await scene.podIdentity({ nodeSelector: { 'example.com/none': 'yes' } });
    const interrupt = new AbortController();
    const run = doctor([], { interruption: () => interrupt.signal });
    await until(async () => (await jobs()).length === 1);
    interrupt.abort(new Error('interrupted'));
    const { code, err } = await run;
    expect(err).to.match(/^Creates Job /m);
    expect(code).to.equal(130);
    await expectNothingLeft();
  });

  describe('with the printed roles', () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    interface Role {
      readonly metadata: { readonly name: string };
      readonly rules: readonly { readonly resources?: readonly string[]; readonly verbs: readonly string[] }[];
    }

    /** Runs with a service account that has the printed roles, without one rule of the Role. */
    async function runWithout(rule?: number): Promise<Executed> {
      const { out } = await executed('doctor', ['pod', '--print-rbac', '-n', scene.namespace, '--inside']);
      const [cluster, , own] = (JSON.parse(out) as { readonly items: readonly [Role, object, Role] }).items;
      const name = scene.namespace;
      const subjects = [{ kind: 'ServiceAccount', namespace: name, name: 'doctor' }];
      await scene.account('doctor');
      await scene.create(`${rbac}/clusterroles`, { ...cluster, metadata: { name } });
      await scene.create(`${rbac}/clusterrolebindings`, {
        metadata: { name },
        subjects,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      });
      const rules = own.rules.filter((_, index) => index !== rule);
      await scene.create(scene.path('roles', rbac), { ...own, rules });
      await scene.create(scene.path('rolebindings', rbac), {
        metadata: { name },
        subjects,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: own.metadata.name },
      });
      const { status } = await site.kubernetes.json<{ status: { token: string } }>(
        'POST',
        `${scene.path('serviceaccounts')}/doctor/token`,
        { spec: {} },
      );
      const kubeconfig = join(dirname(site.kubeconfig), name);
      const config = parse(readFileSync(site.kubeconfig, 'utf8')) as { users: object[] };
      writeFileSync(kubeconfig, stringify({ ...config, users: [{ name: CLUSTER, user: { token: status.token } }] }));
      return doctor(['--kubeconfig', kubeconfig]);
    }

    it('needs no other right', async () => {
      await scene.podIdentity({ container: { env: env() } });
      const { code, out, err } = await runWithout();
      expect(code, out + err).to.equal(0);
      await expectNothingLeft();
    });

    for (const [rule, what] of ['jobs', 'configmaps', 'pods', 'pods/log'].entries())
      it(`fails with a reason without the right for ${what}`, async () => {
        await scene.podIdentity({ container: { env: env() } });
        const { code, out } = await runWithout(rule);
        expect(code).to.equal(3);
        expect(out).to.match(
          new RegExp(`^Inside: .*${what.replace('/', '.')}.*forbidden|^Inside: .*cannot.*${what}`, 'm'),
        );
        await expectNothingLeft();
      });
  });
});
