import type { Attachment } from '../../../foundation/node/journal.ts';
import type { Resource } from '../../../foundation/aws/resources.ts';
import type { Docker } from './docker.ts';

/** A leftover resource. Users of a resource are listed, and removed, before it. */
export interface LeftoverResource extends Pick<Resource, 'name' | 'isChange'> {
  readonly remove: (removal: Removal) => Promise<unknown>;
}

export interface Removal {
  readonly docker: Docker;
  readonly detach: (attachment: Attachment, run: string) => Promise<void>;
  readonly progress: (line: string) => void;
}
