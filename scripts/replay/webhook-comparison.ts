import { isDeepStrictEqual } from 'node:util';
import type { ReplayResult } from './types.ts';
import { isObject } from './webhook-recording.ts';
import type { RecordedReview } from './webhook-recording.ts';

export interface WebhookAnswer {
  readonly status: number;
  readonly body: string;
  readonly uid: string;
}

type Difference = ReplayResult['differences'][number];

/** Range of randomly chosen token lifetimes in seconds. */
const JITTER = { least: 79_200, most: 86_400 };

/** Fixed random number in [0, 1) for the webhook, so that randomly chosen lifetimes can be recognized. */
export const LOT = 0.618;
const DRAWN = JITTER.least + Math.floor(LOT * (JITTER.most - JITTER.least + 1));

/** Compares an answer with a recorded review. Ignores randomly chosen token lifetimes. */
export function compareReview(review: RecordedReview, answer: WebhookAnswer): readonly Difference[] {
  const differences: Difference[] = [];
  const compare = (what: string, expected: unknown, actual: unknown): void => {
    if (isDeepStrictEqual(expected, actual)) return;
    differences.push({ name: `${review.name}: ${what}`, expected: shown(expected), actual: shown(actual) });
  };
  compare('status', review.status, answer.status);
  if (review.body !== undefined) {
    compare('body', review.body.trimEnd(), answer.body.trimEnd());
    return differences;
  }
  const given = parsed(answer.body);
  const response = isObject(given?.['response']) ? given['response'] : {};
  compare('allowed', review.allowed, response['allowed']);
  compare('apiVersion', review.apiVersion ?? undefined, given?.['apiVersion']);
  compare('patchType', review.patchType, response['patchType']);
  compare('resultStatus', review.resultStatus, response['status']);
  if (review.raw === undefined) compare('uid', answer.uid, response['uid']);
  comparePatches(review.patch, patchOf(response), compare);
  return differences;
}

function comparePatches(
  recorded: readonly unknown[] | undefined,
  given: readonly unknown[] | undefined,
  compare: (what: string, expected: unknown, actual: unknown) => void,
): void {
  if (recorded === undefined || given === undefined) {
    compare('patch', recorded, given);
    return;
  }
  const path = (operation: unknown): unknown => (isObject(operation) ? operation['path'] : operation);
  compare('paths of the patch', recorded.map(path), given.map(path));
  for (const [index, operation] of recorded.entries()) {
    const other = given[index];
    if (path(operation) !== path(other)) continue;
    compare(`patch of ${String(path(operation))}`, operation, isDrawn(operation, other) ? operation : other);
  }
}

function isDrawn(recorded: unknown, given: unknown): boolean {
  const isLife = (life: number): boolean => life >= JITTER.least && life <= JITTER.most;
  const expected = withoutLives(recorded, isLife);
  const actual = withoutLives(given, (life) => life === DRAWN);
  return isDeepStrictEqual(expected, actual);
}

/** Replaces lifetimes that may be random by `drawn`. */
function withoutLives(operation: unknown, isDrawnLife: (life: number) => boolean): unknown {
  const text = JSON.stringify(operation, (key, value: unknown) =>
    key === 'expirationSeconds' && typeof value === 'number' && isDrawnLife(value) ? 'drawn' : value,
  );
  return JSON.parse(text);
}

function parsed(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function patchOf(response: Record<string, unknown>): readonly unknown[] | undefined {
  const patch = response['patch'];
  if (typeof patch !== 'string') return undefined;
  const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
  return Array.isArray(operations) ? (operations as unknown[]) : undefined;
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
