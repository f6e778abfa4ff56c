import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { observe } from './run.ts';
import { recordOf } from './record.ts';

/**
 * A line for each call of 80 scenarios, which a seed drew from suites pod-identity, irsa, cross-cluster, cross-account,
 * role-chaining, abac and coexistence. Written once, before the rules moved to `identity/`. Change it by hand only.
 */
const RECORDED = readFileSync(new URL('recorded.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const SCENARIOS = [...new Set(RECORDED.map((line) => (JSON.parse(line) as { scenario: string }).scenario))];

describe('authorizations of the emulated AWS', () => {
  it(`are those of the record in ${SCENARIOS.length} scenarios: action, resource, principal, context, policies and decision`, async () => {
    // Other names and ids than in the record.
    const run = `c${process.pid.toString(16).padStart(6, '0').slice(-6)}`;
    const observed = await observe(SCENARIOS, { seed: String(process.pid), run });
    expect(observed.map(({ id, observation }) => [id, observation?.verdict])).to.deep.equal(
      observed.map(({ id }) => [id, 'passed']),
    );
    const lines = observed.flatMap(({ id, observation }) =>
      recordOf(observation!, run).map((call) => JSON.stringify({ scenario: id, ...call })),
    );
    const missing = new Set(RECORDED);
    const added = lines.filter((line) => !missing.delete(line));
    expect({ added, missing: [...missing] }).to.deep.equal({ added: [], missing: [] });
    expect(lines.join('\n')).to.equal(RECORDED.join('\n'));
  });
});
