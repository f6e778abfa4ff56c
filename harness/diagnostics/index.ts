import { join } from 'node:path';
import type { Redactor } from '../../foundation/node/redact.ts';
import { orAborted } from '../../foundation/node/aborted.ts';
import type { Attachment } from '../results/results.ts';
import { writeWhole } from '../report/write.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import { collectAssociations, collectRoles } from './aws.ts';
import { collectCalls } from './calls.ts';
import { collectComponentLogs } from './components.ts';
import { collectEvents, collectPods } from './pods.ts';
import { attempt as tried, makeScene, type DiagnosticFile, type Failure, type Findings, type Scene } from './scene.ts';
import { summaryText } from './summary.ts';

export { isSecretName, redactor, type Redactor } from '../../foundation/node/redact.ts';

const SUMMARY_FILE = 'summary.md';

export interface DiagnosticsOptions {
  readonly directory: string;
  /** Fires when the run is interrupted, which prevents any diagnostics. */
  readonly interrupted: AbortSignal;
  /** Timeout for one scenario. Default 10,000. */
  readonly milliseconds?: number;
  /** The round of `--watch`. Default: the first. */
  readonly round?: { readonly number: number; readonly firstAttempt: number };
}

/** In the order of the summary. Calls come first, because other collectors make calls. */
const COLLECTORS: readonly (readonly [
  what: string,
  collect: (scene: Scene, findings: Findings) => void | Promise<void>,
])[] = [
  ['Calls', collectCalls],
  ['Pods', collectPods],
  ['Events', collectEvents],
  ['Logs of agent and webhook', collectComponentLogs],
  ['Associations', collectAssociations],
  ['Roles', collectRoles],
];

/**
 * Writes redacted diagnostics of a failed scenario to `diagnostics/<scenario>` in the report folder
 * (`<scenario>-attempt2` for a further attempt, `<scenario>-rerun1` for the first rerun of `--watch`). Never rejects; the summary lists failures.
 */
export async function diagnose(
  context: ScenarioContext,
  failure: Failure,
  redact: Redactor,
  { directory, interrupted, milliseconds = 10_000, round = { number: 1, firstAttempt: 1 } }: DiagnosticsOptions,
): Promise<readonly Attachment[]> {
  if (interrupted.aborted) return [];
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(new Error(`timed out after ${milliseconds / 1000} s`)), milliseconds);
  const signal = AbortSignal.any([interrupted, timeUp.signal]);
  const parts = await Promise.all(
    COLLECTORS.map(async ([what, collect]) => {
      const findings: Findings = { files: [], excerpts: [], notes: [] };
      await tried(what, findings, () =>
        orAborted((async () => collect(makeScene(context, failure, signal), findings))(), signal),
      );
      return findings;
    }),
  );
  clearTimeout(timer);
  if (interrupted.aborted) return [];
  const { id } = context.scenario;
  const attempt = failure.attempt - round.firstAttempt + 1;
  const repetition = [
    ...(round.number > 1 ? [`rerun ${round.number - 1}`] : []),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
  ];
  const folder = `diagnostics/${[id, ...repetition].join('-').replaceAll(' ', '')}`;
  const { files, ...excerptsAndNotes } = merged(parts);
  // Redacts before lines are shortened, because part of a secret could not be recognized.
  const findings = { files, ...redact.value(excerptsAndNotes) };
  const { scenario, environment } = context;
  const summary: DiagnosticFile = {
    name: SUMMARY_FILE,
    description: 'expected and observed results, notable lines, and a list of the other files',
    content: summaryText({ scenario, run: environment.run, repetition, findings, ...failure }),
  };
  try {
    return [summary, ...findings.files].map(({ name, description, content }) => {
      const path = `${folder}/${name}`;
      writeWhole(join(directory, path), textOf(content, redact));
      return { name, path, description };
    });
  } catch {
    // The reporters report an unwritable folder.
    return [];
  }
}

const textOf = (content: unknown, redact: Redactor): string =>
  typeof content === 'string' ? redact.text(content) : `${JSON.stringify(redact.value(content), null, 2)}\n`;

function merged(parts: readonly Findings[]): Findings {
  const byName = (a: DiagnosticFile, b: DiagnosticFile): number => (a.name < b.name ? -1 : 1);
  return {
    files: parts.flatMap(({ files }) => [...files].sort(byName)),
    excerpts: parts.flatMap(({ excerpts }) => excerpts),
    notes: parts.flatMap(({ notes }) => notes),
  };
}
