import { resolve } from 'node:path';
import { expect } from 'chai';
import { configure } from '../../harness/config/configuration.ts';
import { KIND } from './cluster-type.ts';

const given = (...flags: readonly string[]) => configure(['--cluster', 'kind', ...flags], {});

describe('the cluster type kind', () => {
  it('creates two clusters unless the options name an existing one', () => {
    const created = KIND.capabilities(given());
    expect([...created]).to.include.members(['own-cluster', 'two-clusters', 'irsa']);
    for (const flags of [
      ['--context', 'kind-mine'],
      ['--kubeconfig', 'mine'],
    ]) {
      const attached = KIND.capabilities(given(...flags));
      expect([...created].filter((name) => !attached.has(name))).to.have.members(['own-cluster', 'two-clusters']);
    }
  });

  it('returns the existing cluster and its kubectl flags', () => {
    expect(KIND.existing(given())).to.deep.equal([]);
    expect(KIND.existing(given('--kubeconfig', 'mine', '--context', 'kind-mine'))).to.deep.equal(['kind-mine']);
    expect(KIND.kubectlFlags!(given())).to.equal(undefined);
    expect(KIND.kubectlFlags!(given('--kubeconfig', 'mine', '--context', 'kind-mine'))).to.equal(
      `--kubeconfig ${resolve('mine')} --context kind-mine`,
    );
  });
});
