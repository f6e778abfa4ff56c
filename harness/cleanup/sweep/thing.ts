import type { JournalEntry } from '../../../foundation/journal.ts';

export type Attachment = Extract<JournalEntry, { kind: 'attachment' }>;

/** Something that a run left. */
export type Thing =
  | { readonly kind: 'attachment'; readonly name: string; readonly attachment: Attachment }
  | { readonly kind: 'container'; readonly name: string; readonly id: string; readonly about?: string }
  | {
      readonly kind: 'network';
      readonly name: string;
      readonly id: string;
      /** Names of containers on it that are not the run's. */
      readonly guests: readonly string[];
    }
  | { readonly kind: 'volume' | 'image' | 'path'; readonly name: string };
