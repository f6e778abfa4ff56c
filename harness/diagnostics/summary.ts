import { explanationLines, explanationOf } from '../results/explanation.ts';
import type { ProbeOutcome } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { Failure, Findings } from './scene.ts';

interface SummaryInput extends Omit<Failure, 'attempt' | 'startedAt'> {
  readonly scenario: Scenario;
  readonly run: string;
  /** For example `round 2` and `attempt 3`. */
  readonly repetition: readonly string[];
  readonly findings: Findings;
}

/** Maximum length of a line in the summary. The files have whole lines. */
const MAX_LINE = 500;

/** Returns a Markdown page with expectations, observations, notable lines and the list of files. */
export function summaryText(input: SummaryInput): string {
  const { scenario, verdict, reason, run, repetition, findings } = input;
  const { id, title, suite, file, spec } = scenario;
  const parts = [
    `# ${id} ${title}: ${verdict}`,
    `${[`Run \`${run}\``, `suite \`${suite}\` (\`${file}\`)`, ...repetition].join(', ')}.`,
    reason,
    ...(spec.source === undefined ? [] : [`Source of the expectation: ${spec.source}`]),
    '## Probes',
    ...probeParts(input),
    ...(findings.excerpts.length === 0 ? [] : ['## Notable lines']),
    ...findings.excerpts.map(({ source, lines }) => `${source}:\n\n${block(lines)}`),
    '## Files',
    list(findings.files.map(({ name, description }) => `[${name}](${encodeURI(name)}): ${description}`)),
    ...(findings.notes.length === 0 ? [] : ['## Not collected', list(findings.notes)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function probeParts(input: SummaryInput): string[] {
  const { probes } = input;
  if (probes.length === 0) return ['No probe was judged, because the scenario ended early.'];
  const bad = probes.filter((probe) => probe.verdict !== 'passed');
  const good = probes.filter((probe) => probe.verdict === 'passed');
  return [
    ...bad.map((probe) => probePart(probe, input)),
    ...(good.length === 0
      ? []
      : [
          'As expected:',
          list(good.map((probe) => `Probe ${probe.number + 1}, ${nameOf(probe)}: ${probe.expected.text}`)),
        ]),
  ];
}

const nameOf = ({ workload, operation, control }: ProbeOutcome): string =>
  `${workload ?? 'harness'}: ${shortened(operation)}${control ? ' (control)' : ''}`;

function probePart(probe: ProbeOutcome, input: SummaryInput): string {
  const explanation = explanationOf(probe, input);
  const lines = [
    `### Probe ${probe.number + 1} (${probe.verdict})`,
    nameOf(probe),
    list([`expected: ${probe.expected.text}`, `observed: ${observedText(probe)}`]),
    probe.reason,
    ...(probe.why === undefined ? [] : [`Why: ${probe.why}`]),
  ];
  if (explanation !== undefined) lines.push("AWS's decision:", block(explanationLines(explanation)));
  return lines.join('\n\n');
}

function observedText({ observed }: ProbeOutcome): string {
  if (observed === null) return 'nothing: the probe did not run';
  const { outcome, layer, code, status, identity, message, requestId } = observed;
  const words = [
    [outcome, layer === undefined ? '' : `by ${layer}`, code === undefined ? '' : `with ${code}`],
    [status === undefined ? '' : `status ${status}`],
    [identity === undefined ? '' : `as ${identity.arn}`],
    [requestId === undefined ? '' : `request ${requestId}`],
    [message === undefined ? '' : `"${shortened(message)}"`],
  ];
  return words
    .map((group) => group.filter((word) => word !== '').join(' '))
    .filter((group) => group !== '')
    .join(', ');
}

const shortened = (line: string): string => {
  const flat = line.replaceAll(/\s*\n\s*/g, ' ');
  return flat.length > MAX_LINE ? `${flat.slice(0, MAX_LINE)}…` : flat;
};

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

/** Returns an indented block, which Markdown does not interpret. */
const block = (lines: readonly string[]): string =>
  lines
    .map((line) => `    ${line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line}`.replaceAll(/\r?\n/g, ' '))
    .join('\n');
