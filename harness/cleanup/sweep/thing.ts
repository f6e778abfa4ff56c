import type { Attachment } from '../../../foundation/node/journal.ts';
import type { Resource } from '../../../foundation/aws/resources.ts';
import type { Docker } from './docker.ts';

/** Something that a run left. What uses another thing is listed, and removed, before it. */
export interface Thing extends Pick<Resource, 'name' | 'isChange'> {
  readonly remove: (removal: Removal) => Promise<unknown>;
}

/** What things are removed with. */
export interface Removal {
  readonly docker: Docker;
  /** Undoes what a run changed in a cluster that existed before. */
  readonly detach: (attachment: Attachment, run: string) => Promise<void>;
  readonly progress: (line: string) => void;
}
