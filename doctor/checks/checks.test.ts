import { expect } from 'chai';
import { judge } from '../judge/judge.ts';
import { healthy, PAIRS } from '../../test/support/broken-snapshots.ts';
import { problemsOf } from '../../scripts/prose/rules.ts';
import type { Draft } from '../../test/support/cluster-snapshot.ts';
import { SEVERITIES, type Check } from './check.ts';
import { CHECKS } from './index.ts';

const findingsOf = (snapshot: Draft) =>
  judge({ version: 1, clusters: [snapshot] }, CHECKS).findings.map(({ check, object, text, pods }) => ({
    check,
    object: `${object.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`,
    text,
    pods: pods.length,
  }));

describe('checks of doctor', () => {
  it('have unique ids, in order, and a pair of clusters each', () => {
    const ids = CHECKS.map(({ id }) => id);
    expect(ids).to.deep.equal([...new Set(ids)].sort());
    expect(Object.keys(PAIRS)).to.deep.equal(ids);
  });

  it('find nothing in a healthy cluster', () => {
    const { findings, notChecked } = judge({ version: 1, clusters: [healthy()] }, CHECKS);
    expect(findings).to.deep.equal([]);
    expect(notChecked).to.deep.equal([]);
  });

  for (const { id, title } of CHECKS) {
    const { broken, repaired, findings } = PAIRS[id] ?? { findings: [] };

    it(`${id}: ${title}, and only that`, () => {
      const snapshot = healthy();
      broken?.(snapshot);
      const seen = findingsOf(snapshot);
      expect(seen.map(({ check, object }) => `${check} ${object}`)).to.deep.equal(
        findings.map(([object]) => `${id} ${object}`),
      );
      for (const [index, [, text, pods = 0]] of findings.entries()) {
        expect(seen[index]?.text).to.include(text);
        expect(seen[index]?.pods).to.equal(pods);
      }
    });

    // Two images in one container are two versions of a Deployment during a rollout: one finding.
    const isPerFinding = id !== 'PID505';
    it(`${id}: ${isPerFinding ? 'each finding has a fingerprint of its own' : 'all its findings in a container have one fingerprint'}`, () => {
      const snapshot = healthy();
      broken?.(snapshot);
      const all = judge({ version: 1, clusters: [snapshot] }, CHECKS).findings.map(({ fingerprint }) => fingerprint);
      expect(new Set(all).size).to.equal(isPerFinding ? all.length : 1);
    });

    it(`${id}: nothing after the repair`, () => {
      const snapshot = healthy();
      broken?.(snapshot);
      repaired?.(snapshot);
      expect(findingsOf(snapshot)).to.deep.equal([]);
    });
  }

  it('lower errors to warnings while no pod uses an association or a service account', () => {
    const severities = (id: Check['id'], used: boolean) => {
      const snapshot = healthy();
      PAIRS[id]?.broken(snapshot);
      if (!used)
        snapshot.kubernetes.pods = snapshot.kubernetes.pods.filter(({ metadata }) => metadata.name.startsWith('agent'));
      const { findings } = judge({ version: 1, clusters: [snapshot] }, CHECKS);
      return findings.flatMap(({ check, severity }) => (check === id ? [severity] : []));
    };
    for (const id of [
      'PID401',
      'PID402',
      'PID403',
      'PID404',
      'PID604',
      'PID605',
      'PID606',
      'PID607',
      'PID608',
    ] as const) {
      expect(severities(id, true), id).to.deep.equal(['error']);
      expect(severities(id, false), id).to.deep.equal(['warning']);
    }
    expect(severities('PID103', true)).to.deep.equal(['error']);
    expect(severities('PID103', false)).to.deep.equal([]);
  });

  for (const check of CHECKS)
    it(`${check.id}: its texts are sentences in plain English`, () => {
      const { title, observation, cause, effect, fix, source, severity } = check;
      expect(title).to.match(/^[A-Z][^.]*[^.]$/);
      for (const text of [observation, cause, effect, fix]) {
        expect(text).to.match(/^[A-Z`].*\.$/);
        expect(problemsOf(text)).to.deep.equal([]);
      }
      expect(source).to.match(/Guide, "|Reference, |#\d+|^aws\/|documentation, "/);
      expect(SEVERITIES).to.include(severity);
    });
});
