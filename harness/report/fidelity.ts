import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { AWS_SERVICES } from '../../aws/service-names.ts';
import { TITLES } from '../../aws/services.ts';
import { plain, table } from '../results/markdown.ts';
import type { Reporter } from './reporter.ts';
import type { ProbeOutcome, RunResults, ScenarioResult, Verdict } from '../results/results.ts';
import { fileReporter } from './write.ts';
import { counted } from '../../foundation/node/text.ts';

/** Writes fidelity.md if the run judged services that are not AWS itself. */
export const fidelityReporter = (): Reporter =>
  fileReporter('fidelity.md', (results) => {
    const { aws, services } = results.environment;
    return aws === 'endpoint' && services.length > 0 ? fidelityMarkdown(results) : undefined;
  });

const VERDICTS: Readonly<Record<Verdict, string>> = {
  passed: 'as AWS',
  failed: 'differs',
  inconclusive: 'inconclusive',
  error: 'not judged',
  skipped: 'not available',
};

/** Returns fidelity.md: the services of an emulated AWS, and its deviations from AWS. */
export function fidelityMarkdown(results: RunResults): string {
  const { environment, run, scenarios, summary } = results;
  const places = [...new Set(Object.values(environment.endpoints))];
  const counts = (['passed', 'failed', 'inconclusive', 'error', 'skipped'] as const)
    .filter((verdict) => summary[verdict] > 0 || verdict === 'passed' || verdict === 'failed')
    .map((verdict) => `${summary[verdict]} ${VERDICTS[verdict]}`);
  const judged = summary.passed + summary.failed;
  const share =
    judged === 0 ? 'none was judged' : `${percent(summary.passed, judged)} of the judged scenarios are as AWS`;
  const isInAccount = CLUSTER_TYPES.some(({ name, aws }) => name === environment.cluster && aws === 'account');
  const elsewhere = isInAccount ? 'AWS' : "the harness' emulator";
  const blocks = [
    `# Fidelity of the AWS at ${places.map(plain).join(', ')}`,
    `**${counted(summary.total, 'scenario')}: ${counts.join(', ')}** (${share}).`,
    `Run ${run.id} of ${run.startedAt}, clusters: ${environment.cluster}. Expected results follow AWS's documentation. A scenario is inconclusive if its control failed, because its denials then prove nothing.`,
    table(
      ['service', 'where', 'answered'],
      AWS_SERVICES.map((service) => [
        TITLES[service],
        environment.endpoints[service] ?? elsewhere,
        environment.services.includes(service) ? 'yes' : 'no',
      ]),
    ),
  ];
  if (run.error !== null) blocks.push(`The run failed: ${plain(run.error)}`);
  for (const suite of new Set(scenarios.map((scenario) => scenario.suite))) {
    const ofSuite = scenarios.filter((scenario) => scenario.suite === suite);
    const passed = ofSuite.filter(({ verdict }) => verdict === 'passed').length;
    const able = ofSuite.filter(({ verdict }) => verdict !== 'skipped').length;
    blocks.push(
      `## ${suite}`,
      `${passed} of ${counted(able, 'scenario')} as AWS${able < ofSuite.length ? `, ${ofSuite.length - able} not available` : ''}.`,
      table(['scenario', 'verdict', 'expected', 'observed'], ofSuite.flatMap(rowsOf)),
    );
  }
  return `${blocks.join('\n\n')}\n`;
}

function rowsOf(scenario: ScenarioResult): string[][] {
  const title = `${scenario.id} ${scenario.title}`;
  const verdict = VERDICTS[scenario.verdict];
  if (scenario.verdict === 'passed') {
    return [[title, verdict, counted(scenario.probes.length, 'probe'), 'the same']];
  }
  const unlike = scenario.probes.filter((probe) => probe.verdict !== 'passed');
  if (unlike.length === 0) return [[title, verdict, '', scenario.reason]];
  return unlike.map((probe, index) => [
    index === 0 ? title : '',
    index === 0 ? verdict : '',
    `${probe.workload ?? 'harness'}: ${probe.operation}: ${probe.expected.text}`,
    observedText(probe),
  ]);
}

function observedText({ observed, reason }: ProbeOutcome): string {
  if (observed === null) return reason;
  const { outcome, layer, code, status, identity }: ProbeResult = observed;
  const by = layer === undefined ? '' : ` by ${layer}`;
  const what = [code, status === undefined ? undefined : `status ${status}`].filter((word) => word !== undefined);
  const as = outcome === 'granted' && identity !== undefined ? ` as ${identity.arn}` : '';
  return `${outcome}${as}${by}${what.length > 0 ? ` (${what.join(', ')})` : ''}`;
}

const percent = (part: number, whole: number): string => `${Math.floor((100 * part) / whole)} %`;
