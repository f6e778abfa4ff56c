import { setTimeout as sleep } from 'node:timers/promises';

/** Undoes something that a scenario made or changed. */
export type UndoStep = () => Promise<unknown>;

/** Something that a scenario made and that is removed on its own: no other step needs to come before or after. */
export interface Thing {
  /** In words, such as `role conformance-c1a2b3d-ab-01-app`. */
  readonly name: string;
  /** With what it ends at the latest: its AWS account, or its cluster. */
  readonly lives: 'aws' | 'cluster';
}

/** When an undo step is due though everything ends with the run: since others feel what it undoes, or to make room. */
type Due = 'others-feel-it' | 'makes-room';

const dueAtOnce = new WeakMap<UndoStep, Due>();
const things = new WeakMap<UndoStep, Thing>();

/**
 * Marks an undo step as due when its scenario is over: `others-feel-it` even if what scenarios made is kept, `makes-room`
 * unless it is.
 */
export function undoAtOnce(step: UndoStep, due: Due = 'others-feel-it'): UndoStep {
  dueAtOnce.set(step, due);
  return step;
}

export const isUndoneAtOnce = (step: UndoStep, kept: boolean): boolean => {
  const due = dueAtOnce.get(step);
  return due === 'others-feel-it' || (due === 'makes-room' && !kept);
};

/** Marks an undo step as the removal of a thing. */
export function removing(thing: Thing, step: UndoStep): UndoStep {
  things.set(step, thing);
  return step;
}

/** What a step removes; undefined for one that undoes a change. */
export const thingOf = (step: UndoStep): Thing | undefined => things.get(step);

/** A step that failed, and failed again. */
export interface Failure {
  readonly step: UndoStep;
  readonly error: unknown;
}

/** Deletions that AWS refuses since it has not seen an earlier one yet pass a moment later. */
const SECOND_TRY_MILLISECONDS = 1000;

/**
 * Undoes changes, the newest first, then removes things, all at once. A step that fails is tried once more, and keeps no
 * other from being done. Never rejects.
 */
export async function undoAll(
  steps: readonly UndoStep[],
  pauseMilliseconds = SECOND_TRY_MILLISECONDS,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const undo = async (step: UndoStep): Promise<void> => {
    try {
      await step().catch(async () => {
        await sleep(pauseMilliseconds);
        await step();
      });
    } catch (error) {
      failures.push({ step, error });
    }
  };
  for (const step of [...steps].reverse()) if (!things.has(step)) await undo(step);
  await Promise.all(steps.filter((step) => things.has(step)).map(undo));
  return failures;
}
