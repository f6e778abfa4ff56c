import { expect } from 'chai';
import { NAMESPACE, namespaceOf, runnerObjects, type RunnerSpec } from './manifest.ts';

const SPEC: RunnerSpec = {
  run: 'c1a2b3d',
  expiresAt: new Date('2030-01-01T00:00:00Z'),
  clusterName: 'blue',
  image: 'runner:1',
  workloadImage: 'probe:1',
  flags: ['--grep=$(x) a'],
};
const EMULATOR = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'very-secret',
  region: 'us-west-2',
  flags: ['--agent-image=a'],
};
const named = (spec: RunnerSpec, owner?: string): string[] =>
  runnerObjects(spec, owner).map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
interface PodTemplate {
  readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
}
/** Returns the container of the last object, which is the Job. */
const containerOf = (spec: RunnerSpec): { readonly args: readonly string[] } =>
  (runnerObjects(spec).at(-1) as unknown as { spec: PodTemplate }).spec.template.spec.containers[0] ?? { args: [] };

describe('the objects of a runner in a cluster', () => {
  it('are a Job without retries, its service account, and the roles of that account', () => {
    expect(named(SPEC)).to.deep.equal([
      `ServiceAccount ${NAMESPACE}/runner`,
      `ClusterRole /${NAMESPACE}-runner`,
      `ClusterRoleBinding /${NAMESPACE}-runner`,
      `Role kube-system/${NAMESPACE}-runner`,
      `RoleBinding kube-system/${NAMESPACE}-runner`,
      `Job ${NAMESPACE}/runner`,
    ]);
    const job = runnerObjects(SPEC).at(-1) as unknown as { spec: { backoffLimit: number } };
    expect(job.spec.backoffLimit).to.equal(0);
  });

  it('belong to the namespace, which has the run and the expiry for the sweep', () => {
    expect(namespaceOf(SPEC).metadata).to.deep.equal({
      name: NAMESPACE,
      labels: { 'conformance.eks-pod-identity/run': 'c1a2b3d' },
      annotations: { 'conformance.eks-pod-identity/expires': '2030-01-01T00:00:00.000Z' },
    });
    for (const { metadata } of runnerObjects({ ...SPEC, emulator: EMULATOR }, 'uid-1')) {
      if (metadata.namespace === NAMESPACE) continue;
      const owner = { apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE, uid: 'uid-1' };
      expect(metadata).to.deep.include({ ownerReferences: [owner] });
    }
  });

  it("have the emulator's key only in a Secret", () => {
    const objects = runnerObjects({ ...SPEC, emulator: EMULATOR });
    const [secret, ...others] = [...objects].sort(({ kind }) => (kind === 'Secret' ? -1 : 1));
    expect(JSON.stringify(secret)).to.contain('very-secret');
    expect(JSON.stringify(others)).not.to.contain('very-secret');
    expect(named({ ...SPEC, emulator: EMULATOR }).slice(-4)).to.deep.equal([
      `Secret ${NAMESPACE}/aws`,
      `Service ${NAMESPACE}/emulator`,
      `Pod ${NAMESPACE}/emulator`,
      `Job ${NAMESPACE}/runner`,
    ]);
  });

  it('start the same program, which reaches an emulator through its Service', () => {
    const alone = containerOf(SPEC);
    expect(alone.args).to.include.members(['--cluster', 'eks', '--cluster-name', 'blue', '--run-id', 'c1a2b3d']);
    expect(alone.args).not.to.include('--aws-endpoint');
    // Kubernetes does not expand a variable in the user's value.
    expect(alone.args.at(-1)).to.equal('--grep=$$(x) a');
    const beside = containerOf({ ...SPEC, emulator: EMULATOR });
    expect(beside.args).to.include('http://$(EMULATOR_SERVICE_HOST):4566');
    expect(beside).to.deep.include({
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    });
  });
});
