import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CHECKS } from '../../doctor/checks/index.ts';
import type { DoctorReport } from '../../doctor/judge/report-schema.ts';
import { kubeconfigText } from '../../foundation/protocols/kubeconfig.ts';
import { writeSnapshot } from '../../doctor/snapshot/file.ts';
import { certificate } from '../../test/support/certificate.ts';
import { healthySnapshot, roleArn, type Draft } from '../../test/support/cluster-snapshot.ts';
import { executed } from '../../test/support/executed.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';

const { certificate: authority } = await certificate('cluster');

/** Saves a healthy cluster with changes. Returns the file. */
function saved(change: (snapshot: Draft) => void = () => undefined): string {
  const cluster = healthySnapshot(authority);
  change(cluster);
  const file = join(temporaryFolder(), 'snapshot.json');
  writeSnapshot(file, { version: 1, clusters: [cluster] });
  return file;
}
const doctor = (...args: readonly string[]) => executed('doctor', [...args, '--no-color']);

/** The pods of ledger are younger than the association, but have no variables. */
const notInjected = ({ kubernetes }: Draft): void => {
  for (const pod of kubernetes.pods.filter(({ metadata }) => metadata.name.startsWith('ledger'))) {
    pod.tokenVolumes = [];
    pod.containers[0]!.env = [];
  }
};
const withoutRoles = (snapshot: Draft): void => {
  delete snapshot.aws.roles[roleArn('ledger')];
  snapshot.gaps = [{ right: 'iam:GetRole', object: roleArn('ledger'), reason: 'AccessDenied' }];
};

describe('npm run doctor', () => {
  it('says in words that a cluster has no problem', async () => {
    const { code, out } = await doctor('--from', saved());
    expect(out).to.match(/\nNo problem found\. (\d+) of \1 checks could be made\.\n$/);
    expect(code).to.equal(0);
  });

  for (const [format, pattern] of [
    ['terminal', /PID302 Deployment ledger \(2 pods: ledger-1, ledger-2\)/],
    ['json', /"check": "PID302"/],
    ['html', /<td><span class="error">error<\/span> PID302<\/td>/],
  ] as const)
    it(`exits with 1 for an error in the form ${format}`, async () => {
      const { code, out } = await doctor('--from', saved(notInjected), '--format', format);
      expect(out).to.match(pattern);
      expect(code).to.equal(1);
    });

  it('fails on findings of the given severity or a higher one', async () => {
    const file = saved(notInjected);
    expect((await doctor('--from', file, '--fail-on', 'never')).code).to.equal(0);
    expect((await doctor('--from', file, '--fail-on', 'info')).code).to.equal(1);
  });

  it('does not count suppressed findings', async () => {
    const file = join(temporaryFolder(), 'accepted.yaml');
    writeFileSync(file, 'allowed: [{check: PID302, until: 2999-12-31, reason: A migration.}]');
    const { code, out } = await doctor('--from', saved(notInjected), '--suppress', file);
    expect(out).to.contain('Suppressed until 2999-12-31: PID302 Deployment payments/ledger (A migration.)');
    expect(code).to.equal(0);
  });

  it('counts only findings that an older report does not have with --since', async () => {
    const older = join(temporaryFolder(), 'older.json');
    const report = async (...args: readonly string[]) => {
      const { out } = await doctor(...args, '--format', 'json');
      writeFileSync(older, out);
      return JSON.parse(out) as DoctorReport;
    };
    const { findings } = await report('--from', saved(notInjected));
    const file = saved((snapshot) => {
      notInjected(snapshot);
      for (const pod of snapshot.kubernetes.pods) pod.metadata.name += '-after-a-rollout';
    });
    const same = await doctor('--from', file, '--since', older);
    expect(same.out).to.contain('Since the older report: 0 new, 1 unchanged, 0 gone.');
    expect(same.code).to.equal(0);
    const fixed = await doctor('--from', saved(), '--since', older);
    expect(fixed.out).to.contain('Gone: PID302 Deployment payments/ledger\n');
    await report('--from', saved());
    const { since } = await report('--from', file, '--since', older);
    expect(since?.new).to.deep.equal(findings.map(({ fingerprint }) => fingerprint));
    await report('--from', saved());
    expect((await doctor('--from', file, '--since', older)).code).to.equal(1);
  });

  it('prints SARIF with the version of the package', async () => {
    const { code, out } = await doctor('--from', saved(notInjected), '--format', 'sarif');
    const log = JSON.parse(out) as { runs: { tool: { driver: { version: string } }; results: { ruleId: string }[] }[] };
    expect(log.runs[0]?.tool.driver.version).to.match(/^\d+\.\d+\.\d+/);
    expect(log.runs[0]?.results.map(({ ruleId }) => ruleId)).to.deep.equal(['PID302']);
    expect(code).to.equal(1);
  });

  it('names checks that lack a right, and fails if they were asked for', async () => {
    const file = saved(withoutRoles);
    const { code, out } = await doctor('--from', file);
    expect(out).to.match(/iam:GetRole \(AccessDenied\) for Association payments\/ledger, .*PID401/);
    expect(out).to.match(/\nNothing found in what could be read: \d+ of \d+ checks\.\n$/);
    expect(code).to.equal(3);
    expect((await doctor('--from', file, '--check', 'PID401')).code).to.equal(3);
    expect((await doctor('--from', file, '--check', 'PID101')).code).to.equal(0);
  });

  it('has an inventory of identities', async () => {
    const { out } = await doctor('--from', saved(), '--format', 'json');
    const { inventory } = JSON.parse(out) as DoctorReport;
    const rows = inventory.map(({ namespace, serviceAccount, mechanism, roleArn: role }) =>
      [namespace, serviceAccount, mechanism, role?.split('/').at(-1)].join(' '),
    );
    expect(rows).to.include.members(['payments ledger pod-identity ledger', 'web shop web-identity shop']);
  });

  it('lists who holds which role, and sidecars that may not need it', async () => {
    const file = saved(({ kubernetes }) => {
      for (const { containers, metadata, serviceAccountName } of kubernetes.pods)
        if (serviceAccountName === 'ledger') {
          metadata.annotations = { 'eks.amazonaws.com/skip-containers': 'skipped' };
          containers.push({ ...structuredClone(containers[0]!), name: 'istio-proxy', image: 'istio/proxyv2:1.28.0' });
          containers.push({ name: 'skipped', image: 'registry.example/log:1', env: [], volumeMounts: [] });
        }
    });
    const { out } = await doctor('--from', file, '--format', 'roles');
    expect(out).to.contain(`payments/ledger: pod-identity, ${roleArn('ledger')}\n`);
    expect(out).to.contain('  2 pods: ledger-1, ledger-2; containers: app, istio-proxy\n');
    expect(out).to.contain('containers: skipped\n');
    expect(out).to.contain('eks.amazonaws.com/skip-containers: "istio-proxy"; on a service account it has no effect.');
    const pod = await doctor('pod', 'ledger-1', '-n', 'payments', '--from', file);
    expect(pod.out).to.contain(`\nIdentity of container app: ${roleArn('ledger')}\n`);
    expect(pod.out).to.match(/\nIdentity of container skipped: none \(the hop limit/);
    expect(pod.code).to.equal(0);
  });

  it('fails for a pod one of whose containers lacks the mount of its token', async () => {
    const file = saved(({ kubernetes }) => {
      const pod = kubernetes.pods.find(({ metadata }) => metadata.name === 'ledger-1')!;
      pod.containers.push({ ...structuredClone(pod.containers[0]!), name: 'late', volumeMounts: [] });
    });
    const { code, out } = await doctor('pod', 'ledger-1', '-n', 'payments', '--from', file);
    expect(out).to.match(/^ {2}FAIL +injection +Container late has the variable .* but no mount for it/m);
    expect(code).to.equal(1);
  });

  it('lists and explains checks', async () => {
    const list = await doctor('--list');
    expect(list.out.split('\n')).to.have.length(CHECKS.length + 1);
    const { code, out } = await doctor('PID301');
    expect(out).to.match(/PID301 A pod is older than its association\n.*Severity: error\n/);
    expect(code).to.equal(0);
  });

  it('prints the rights that it needs', async () => {
    const policy = JSON.parse((await doctor('--print-policy')).out) as { readonly Statement: readonly object[] };
    expect(policy.Statement).to.not.have.length(0);
    const { kind, items } = JSON.parse((await doctor('--print-rbac')).out) as {
      kind: string;
      items: { kind: string }[];
    };
    expect([kind, ...items.map((one) => one.kind)]).to.deep.equal(['List', 'ClusterRole', 'ClusterRoleBinding']);
  });

  it('reports the parts read before an interrupt, and exits with 130', async () => {
    const kubeconfig = join(temporaryFolder(), 'config');
    writeFileSync(kubeconfig, kubeconfigText('prod', 'https://127.0.0.1:1', authority, 'a-token'));
    const interruption = (): AbortSignal => AbortSignal.abort(new Error('interrupted'));
    const { code, out } = await executed('doctor', ['--kubeconfig', kubeconfig], { interruption });
    expect(out).to.contain('(interrupted)').and.not.to.contain('a-token');
    expect(code).to.equal(130);
  });

  describe('migration', () => {
    for (const [format, pattern] of [
      ['terminal', /^ready {4}prod: web\/shop, irsa, /m],
      ['json', /"type": "CreatePodIdentityAssociation"/],
    ] as const)
      it(`prints a plan in the form ${format}`, async () => {
        const { code, out } = await doctor('migration', '--from', saved(), '--format', format);
        expect(out).to.match(pattern);
        expect(code).to.equal(0);
      });

    it('exits with 3 if associations could not be read', async () => {
      const file = saved((snapshot) => void delete (snapshot.aws as Partial<typeof snapshot.aws>).associations);
      expect((await doctor('migration', '--from', file)).code).to.equal(3);
    });
  });

  describe('pod', () => {
    it('names each step and the identity', async () => {
      const { code, out } = await doctor('pod', 'ledger-1', '-n', 'payments', '--from', saved());
      for (const name of ['agent', 'association', 'injection', 'token', 'trust', 'network', 'node role'])
        expect(out).to.match(new RegExp(`^  ok +${name} +\\S`, 'm'));
      expect(out).to.contain(`Identity: ${roleArn('ledger')}\n`);
      expect(code).to.equal(0);
    });

    it('says why there is no identity, and how to repair it', async () => {
      const { code, out } = await doctor('pod', 'ledger-1', '-n', 'payments', '--from', saved(notInjected));
      expect(out).to.match(/^ {2}FAIL +injection +.*\(PID302\)$/m);
      expect(out).to.match(/^Why: /m);
      expect(out).to.contain('\nRepair:\nkubectl --context prod -n payments rollout restart deployment/ledger\n');
      expect(out).to.contain('\nIdentity: none (the hop limit of the instance metadata service is 1)\n');
      expect(code).to.equal(1);
    });

    it('says that something is unknown, and exits with 3', async () => {
      const { code, out } = await doctor('pod', 'ledger-1', '-n', 'payments', '--from', saved(withoutRoles));
      expect(out).to.match(/^ {2}unknown +trust /m);
      expect(code).to.equal(3);
    });

    it('is not concerned by the problems of other pods', async () => {
      const { code, out } = await doctor('pod', 'shop-1', '-n', 'web', '--from', saved(notInjected));
      expect(out).to.not.match(/FAIL|WARN/);
      expect(code).to.equal(0);
    });
  });

  for (const [what, args, sentence] of [
    ['an unknown check', ['PID999'], /^Unknown check "PID999": did you mean/],
    ['an unknown word', ['pods'], /^Unknown subcommand "pods" of doctor: did you mean "pod"\?/],
    ['an unknown pod', ['pod', 'leger-1', '-n', 'payments', '--from', saved()], /has no pod "leger-1": did you mean/],
    ['a missing kubeconfig', ['--kubeconfig', '/none'], /^The kubeconfig \/none does not exist/],
    ['a flag without effect', ['--from', '/none', '--context', 'a'], /^--context does not work with --from/],
    [
      'an older report that is a snapshot',
      ['--from', saved(), '--since', saved()],
      /is not a report of doctor: .*\. Make one with/,
    ],
    [
      'a format of the other report',
      ['migration', '--format', 'html'],
      /^--format is "html": choose from terminal, json\./,
    ],
    ['an unknown form', ['migration', '--format', 'csv'], /^--format is "csv"/],
    ['a missing snapshot', ['--from', '/none'], /\/none cannot be read/],
  ] as const)
    it(`rejects ${what} in one sentence`, async () => {
      const { code, err } = await doctor(...args);
      expect(err).to.match(sentence);
      expect(err.trim().split('\n')).to.have.length(1);
      expect(code).to.equal(2);
    });
});
