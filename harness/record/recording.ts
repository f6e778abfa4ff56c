import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import { redactor } from '../../foundation/node/redact.ts';
import { declaredId } from '../../foundation/node/validate.ts';
import type { NamedReporter } from '../report/reporter.ts';
import type { RunResults } from '../results/results.ts';
import { writeWhole } from '../report/write.ts';
import { GUESSES, type Guess } from './guesses.ts';
import type { RecordedResult, Recording } from './recording-schema.ts';

const ABOUT =
  'Answers of an AWS to the guesses of eks-pod-identity-conformance (docs/guesses.md). To compare them: npm run replay -- FILE';

/** Returns the reporter of `--record`. Throws `HarnessError` BAD_FLAG_VALUE for an unwritable file. */
export function recordReporter(path: string): NamedReporter {
  const file = resolve(path);
  const bad = (cause?: unknown): HarnessError =>
    new HarnessError('BAD_FLAG_VALUE', `--record is "${path}": give a file in a writable folder.`, {
      cause,
    });
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (cause) {
    throw bad(cause);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw bad();
  const runOver = (results: RunResults) => [
    writeWhole(file, `${JSON.stringify(recordingOf(results), null, 2)}\n`, 'record'),
  ];
  return { name: 'record', reporter: { runOver } };
}

/** Returns the recording of a run: the answer to each guess that a scenario settles, or the reason why it is missing. */
export function recordingOf(results: RunResults): Recording {
  const { environment, run } = results;
  const [cluster] = environment.clusters;
  const neutral = neutralized(results);
  const settled = GUESSES.map((guess) => answered(guess, results));
  return neutral({
    about: ABOUT,
    run: {
      harness: environment.harness,
      at: run.startedAt.slice(0, 10),
      aws: environment.aws,
      cluster: environment.cluster,
      region: environment.region,
      ...cluster?.facts,
    },
    answers: settled.flatMap((one) => (one !== undefined && 'outcome' in one ? [one] : [])),
    unanswered: settled.flatMap((one) => (one !== undefined && 'reason' in one ? [one] : [])),
  });
}

/** Returns the recorded answer to a guess, or why it is missing. Undefined if no scenario tests the guess. */
function answered({ id, scenario, probe, facts }: Guess, { scenarios }: RunResults) {
  if (scenario === undefined || probe === undefined) return undefined;
  const place = { guess: id, scenario };
  const result = scenarios.find((one) => one.id === scenario);
  const observed = result?.probes.find(({ number }) => number === probe - 1)?.observed;
  if (!observed) return { ...place, reason: result?.reason ?? 'The scenario was not selected.' };
  const { outcome, layer, code, status, message } = observed;
  const recordedFacts = Object.entries(observed.facts ?? {}).filter(([name]) => facts?.includes(name));
  return {
    ...place,
    probe,
    outcome,
    ...(layer !== undefined && { by: layer }),
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
    ...(message !== undefined && { message }),
    ...(recordedFacts.length > 0 && { facts: Object.fromEntries(recordedFacts) }),
  };
}

/** Replaces names of the run, accounts, ids and secrets in texts, so that recordings are comparable. */
function neutralized({ run, environment, scenarios }: RunResults) {
  const { text } = redactor();
  const clusters = environment.clusters.map(({ alias, name }) => [name, `<cluster:${alias}>`] as const);
  const slugs = scenarios.filter(({ attempts }) => attempts > 1).map(({ id }) => declaredId(id).toLowerCase());
  const rules: readonly (readonly [string | RegExp, string])[] = [
    ...clusters,
    // The mark of a later attempt.
    ...slugs.map((slug) => [new RegExp(`\\b${slug}-\\d{4}\\b`, 'g'), slug] as const),
    [run.id, '<run>'],
    // Names of other clusters contain the run.
    ['conformance-<run>', '<run>'],
    [/\beks-[^/"\s]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<session>'],
    [/\bi-[0-9a-f]{8,17}\b/g, '<instance>'],
    [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uuid>'],
    [/\ba-[a-z0-9]{17}\b/g, '<association>'],
    [/\b\d{12}\b/g, '<account>'],
    [/\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9…]{4,}/g, '<id>'],
    [/https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?/g, '<endpoint>'],
  ];
  const neutral = (given: string): string =>
    rules.reduce((result, [from, to]) => result.replaceAll(from, to), text(given));
  return <T>(value: T): T =>
    JSON.parse(JSON.stringify(value), (_, item: unknown) => (typeof item === 'string' ? neutral(item) : item)) as T;
}

const withoutTimes = ({ message }: RecordedResult): string | undefined =>
  message?.replaceAll(/\b\d{8}T\d{6}Z\b/g, '<time>');

/** Whether two answers are equal for the guess. Ignores times in messages. Durations may differ by a twentieth. */
export function isSame(one: RecordedResult, other: RecordedResult, { message, facts = [] }: Guess): boolean {
  const names = ['outcome', 'by', 'code', 'status'] as const;
  return (
    names.every((name) => one[name] === other[name]) &&
    (message !== true || withoutTimes(one) === withoutTimes(other)) &&
    facts.every((name) => {
      const [a, b] = [one.facts?.[name], other.facts?.[name]];
      return typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) <= Math.max(a, b) / 20 : a === b;
    })
  );
}
