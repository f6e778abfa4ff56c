import { RUN_ID } from '../../../../foundation/node/journal.ts';
import { EXPIRY_TAG, REGION_TAG, RUN_TAG, type Tag } from '../../../../foundation/aws/tags.ts';

interface RunMark {
  readonly run: string;
  readonly expiresAt: Date;
  readonly region: string;
}

const RUN_NAME = /^conformance-(c[0-9a-f]{6})-/;

export const runOfName = (name: string): string | undefined => RUN_NAME.exec(name)?.[1];

/** Reads the tags of a run; undefined if they are missing or malformed. */
export function readTags(tags: Readonly<Record<string, string | undefined>>): RunMark | undefined {
  const { [RUN_TAG]: run, [REGION_TAG]: region } = tags;
  const expiresAt = new Date(tags[EXPIRY_TAG] ?? '');
  if (run === undefined || !RUN_ID.test(run) || region === undefined || Number.isNaN(expiresAt.getTime()))
    return undefined;
  return { run, expiresAt, region };
}

export const tagRecord = (tags: readonly Tag[] | undefined): Record<string, string | undefined> =>
  Object.fromEntries((tags ?? []).map(({ Key = '', Value }) => [Key, Value]));

/** Returns the run of a resource whose name and tags agree; undefined otherwise. */
export function markOf(name: string, tags: Readonly<Record<string, string | undefined>>): RunMark | undefined {
  const mark = readTags(tags);
  return mark !== undefined && runOfName(name) === mark.run ? mark : undefined;
}
