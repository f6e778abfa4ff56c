import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Docker } from './docker.ts';
import type { Leftovers } from './find.ts';
import type { Attachment, Thing } from './thing.ts';

/** In this order: what uses something goes before it. */
const ORDER: readonly Thing['kind'][] = ['attachment', 'container', 'network', 'volume', 'image', 'path'];

export interface Removal {
  readonly docker: Docker;
  /** Undoes what a run changed in a cluster that existed before. */
  readonly detach: (attachment: Attachment, run: string) => Promise<void>;
  readonly progress: (line: string) => void;
}

/**
 * Removes what is left of a run, one thing after the other. Gives the reasons by name of what could not be removed: whether
 * it is there all the same, only another look tells.
 */
export async function remove(leftovers: Leftovers, removal: Removal): Promise<ReadonlyMap<string, string>> {
  const failures = new Map<string, string>();
  const things = [...leftovers.things].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  for (const thing of things) {
    try {
      await removeThing(thing, leftovers.run, removal);
      removal.progress(`removed ${titleOf(thing)}`);
    } catch (error) {
      failures.set(titleOf(thing), (error as Error).message.split('\n')[0] ?? '');
    }
  }
  return failures;
}

async function removeThing(thing: Thing, run: string, { docker, detach, progress }: Removal): Promise<void> {
  switch (thing.kind) {
    case 'attachment':
      return detach(thing.attachment, run);
    case 'container':
      // With its anonymous volumes: a kind node keeps its images in one.
      await docker(['rm', '--force', '--volumes', thing.id]);
      return;
    case 'network':
      for (const guest of thing.guests) {
        await docker(['network', 'disconnect', '--force', thing.id, guest]);
        progress(`took container ${guest} off network ${thing.name}: it is not the run's and stays`);
      }
      await docker(['network', 'rm', thing.id]);
      return;
    case 'volume':
      await docker(['volume', 'rm', thing.name]);
      return;
    case 'image':
      await docker(['image', 'rm', '--force', thing.name]);
      return;
    case 'path':
      await rm(thing.name, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
  }
}

/** Deletes the state files of a run of which nothing is left. */
export function forget({ stateFiles }: Leftovers): void {
  for (const file of stateFiles) for (const path of [file, `${file}.part`]) rmSync(path, { force: true });
}

export const titleOf = (thing: Thing): string =>
  `${thing.kind === 'attachment' ? '' : `${thing.kind} `}${thing.name}${'about' in thing ? ` ${thing.about}` : ''}`;
