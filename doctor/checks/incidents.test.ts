import { expect } from 'chai';
import { healthy } from '../../test/support/broken-snapshots.ts';
import { INCIDENTS, UNUSUAL } from '../../test/support/incidents.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { identityOf } from '../facts/identity.ts';
import { judge } from '../judge/judge.ts';
import { objectText } from '../snapshot/object-name.ts';
import { CHECKS } from './index.ts';

describe('incidents', () => {
  for (const { title, source, broken, finding, identity } of INCIDENTS)
    it(`${title} (${source})`, () => {
      const snapshot = healthy();
      broken(snapshot);
      const [id, object, cause, repair] = finding;
      const { findings } = judge({ version: 1, clusters: [snapshot] }, CHECKS);
      const all = findings.map((one) => `${one.check} ${objectText(one.object)}: ${one.text}`).join('\n');
      const seen = findings.find((one) => one.check === id && objectText(one.object) === object);
      expect(seen, `not found: ${all}`).to.not.equal(undefined);
      expect(seen?.text, 'cause').to.match(cause);
      expect(`${seen?.repair}\n${seen?.fix}`, 'repair').to.match(repair);
      if (identity === undefined) return;
      const facts = new ClusterFacts(snapshot);
      const pod = facts.pods.find(({ metadata }) => metadata.name === identity[0]);
      // Another mechanism is a wrong answer. An unknown one is not.
      expect([identity[1], 'unknown'], 'identity').to.include(pod && identityOf(facts, pod).mechanism);
    });
});

describe('unusual clusters without a finding', () => {
  for (const [title, change] of Object.entries(UNUSUAL))
    it(title, () => {
      const snapshot = healthy();
      change(snapshot);
      const { findings, notChecked } = judge({ version: 1, clusters: [snapshot] }, CHECKS);
      expect(findings).to.deep.equal([]);
      expect(notChecked).to.deep.equal([]);
    });
});
