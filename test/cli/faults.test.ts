import { expect } from 'chai';
import { runConformance } from '../support/run-cli.ts';

interface Notice {
  readonly scenario: string;
  readonly reason: RegExp;
  /** Flags that the fault requires. */
  readonly flags?: readonly string[];
}

const AGENT_02 = ['--agent-chart', '0.2'];

/** A scenario that must fail and its reason, for one fault of each component. `npm run detect` tries all faults. */
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

describe('--fault', () => {
  it('if omitted, lets these scenarios pass', async () => {
    const scenarios = [...new Set(Object.values(NOTICED).map(({ scenario }) => scenario))];
    const run = await runConformance({ args: [...AGENT_02, '--scenario', scenarios.join(','), '--quiet'] });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.results?.summary.passed).to.equal(scenarios.length);
  });

  for (const [name, { scenario, reason, flags = [] }] of Object.entries(NOTICED)) {
    it(`${name}: ${scenario} notices the fault`, async () => {
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
