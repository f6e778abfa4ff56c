import { expect } from 'chai';
import { runConformance } from '../support/run-cli.ts';

interface Notice {
  readonly scenario: string;
  readonly reason: RegExp;
  /** Without which the subject has no such defect. */
  readonly flags?: readonly string[];
}

const AGENT_02 = ['--agent-chart', '0.2'];

/** A scenario that a fault of each component fails, and what its reason must say. `npm run detect` tries all faults. */
const NOTICED: Readonly<Record<string, Notice>> = {
  'eks-auth-ignores-audience': {
    scenario: 'AP-13',
    reason: /minted token sts.*refusal .* was expected, but .* granted/,
  },
  'agent-trusts-cached-pods': {
    scenario: 'AP-34',
    reason: /flip-signature.*refusal .* was expected, but .* granted/,
    flags: AGENT_02,
  },
  'webhook-prefers-irsa': {
    scenario: 'CO-01',
    reason: /The identity is wrong: .*-annotated\/.* is not role associated/,
  },
};

describe('a fault that is turned on', () => {
  it('is the only reason why these scenarios fail', async () => {
    const scenarios = [...new Set(Object.values(NOTICED).map(({ scenario }) => scenario))];
    const run = await runConformance({ args: [...AGENT_02, '--scenario', scenarios.join(','), '--quiet'] });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.results?.summary.passed).to.equal(scenarios.length);
  });

  for (const [name, { scenario, reason, flags = [] }] of Object.entries(NOTICED)) {
    it(`is noticed by ${scenario} (${name})`, async () => {
      const run = await runConformance({ args: ['--scenario', scenario, '--fault', name, '--quiet', ...flags] });
      expect(run.exitCode, run.stderr).to.equal(1);
      const [only] = run.results?.scenarios ?? [];
      expect(only).to.include({ id: scenario, verdict: 'failed' });
      expect(only?.reason).to.match(reason);
      expect(run.stderr).to.contain(`FAILED ${scenario}`);
      expect(run.results?.environment.faults).to.deep.equal([name]);
    });
  }
});
