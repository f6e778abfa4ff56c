import { expect } from 'chai';
import { aResult, someResults } from '../../test/support/scenarios.ts';
import { judgedText, notExercisedLines } from './judged.ts';
import { summarize, type RunResults, type ScenarioResult } from './results.ts';

describe('judgedText', () => {
  const textOf = (
    environment: Partial<RunResults['environment']>,
    settings: Readonly<Record<string, string | readonly string[]>> = {},
    scenario: Partial<ScenarioResult> = {},
  ): string => {
    const scenarios = [aResult({ file: 'suites/abac/tags.ts', ...scenario })];
    const results = someResults(scenarios, summarize(scenarios));
    const set = Object.entries(settings).map(([name, value]) => [name, { value, origin: 'flag' }]);
    const configuration = { ...results.configuration, ...Object.fromEntries(set) } as RunResults['configuration'];
    return judgedText({ ...results, configuration, environment: { ...results.environment, ...environment } });
  };
  const embedded = { cluster: 'embedded', aws: 'emulator', clusters: [], faults: [] };

  it("reports that no part of the user's was tested", () =>
    expect(textOf(embedded)).to.equal(
      'Judged: the emulated AWS, the reference agent and the reference webhook of this package. Nothing of yours was tested; run "init" to test your policies.',
    ));

  it("names the user's suites, client and images before parts of this package", () => {
    const scenario = { file: '/suites/a.ts', client: { name: 'python', version: '1.43.6' } };
    const settings = { 'suites-dir': ['suites'], 'agent-image': 'registry/agent:1' };
    expect(textOf({ ...embedded, cluster: 'kind' }, settings, scenario)).to.equal(
      'Judged: the suites in suites, client python 1.43.6 and image registry/agent:1, with the emulated AWS and the reference webhook of this package.',
    );
  });

  it("names the EKS cluster, AWS, the add-on and EKS's webhook", () => {
    const clusters = [{ alias: 'c1', name: 'blue', facts: { agentAddonVersion: 'v1.3.10-eksbuild.2' } }];
    expect(textOf({ cluster: 'eks', aws: 'aws', clusters, faults: [] }, { 'cluster-name': ['blue'] })).to.equal(
      "Judged: the EKS cluster blue, AWS, the agent add-on v1.3.10-eksbuild.2 and EKS's webhook.",
    );
  });

  it('names enabled faults', () =>
    expect(textOf({ ...embedded, faults: ['iam-ignores-deny'] })).to.contain('and the fault iam-ignores-deny of'));
});

describe('notExercisedLines', () => {
  const textOf = (settings: Readonly<Record<string, unknown>>, cluster = 'embedded'): string | undefined => {
    const results = someResults([], summarize([]));
    const set = Object.entries(settings).map(([name, value]) => [name, { value, origin: 'flag' }]);
    const configuration = Object.fromEntries(set) as RunResults['configuration'];
    const clusters = [{ alias: 'c1', name: 'blue', facts: { agentChart: '0.1' } }];
    const [line] = notExercisedLines({
      ...results,
      configuration,
      environment: { ...results.environment, cluster, clusters },
    });
    return line;
  };

  it('lists what the default selection omits, with the flags', () =>
    expect(textOf({})).to.equal(
      'Not exercised: agent 0.2 (--agent-chart 0.2), clients other than the SDK for JavaScript (--client python,go), scopes aws and kubernetes (--scope all) and a real Kubernetes (--cluster kind).',
    ));

  it('omits agent 0.2 if scenarios ran on clusters with it', () => {
    const results = someResults([], summarize([]));
    const clusters = ['0.1', '0.2'].map((agentChart) => ({
      alias: 'c1' as const,
      name: 'blue',
      facts: { agentChart },
    }));
    const [line] = notExercisedLines({ ...results, environment: { ...results.environment, clusters } });
    expect(line).not.to.contain('agent 0.2');
  });

  it('omits what flags select', () =>
    expect(textOf({ client: ['python'], scope: ['all'] }, 'kind')).to.equal(
      'Not exercised: agent 0.2 (--agent-chart 0.2).',
    ));

  it('is silent if scenarios are selected', () => expect(textOf({ suite: ['irsa'] })).to.equal(undefined));
});
