import * as z from 'zod';

const text = z.string();

/** A resource of a run. The sweep finds it by this entry if the run is killed. */
const journalEntry = z.discriminatedUnion(
  'kind',
  [
    /** The node containers of a kind cluster are attached to the run's network. */
    z.object({ kind: z.enum(['docker-network', 'kind-cluster', 'docker-container', 'docker-image']), name: text }),
    z.object({ kind: z.literal('path'), path: text }),
    /** Changes to an existing cluster: labelled objects and prepared nodes. */
    z.object({
      kind: z.literal('attachment'),
      kubeconfig: text,
      context: text,
      nodes: z.array(text.regex(/^\w[\w.-]*$/, 'the name of a container')).readonly(),
    }),
    /** An AWS account with tagged resources of the run. */
    z.object({
      kind: z.literal('aws'),
      accountId: text.regex(/^\d{12}$/, '12 digits'),
      region: text.regex(/^[a-z0-9-]+$/, 'a region'),
      /** Services at custom URLs; the others are AWS's. */
      endpoints: z.record(text, text),
    }),
  ],
  'a known kind of resource',
);
export type JournalEntry = Readonly<z.infer<typeof journalEntry>>;

export const RUN_ID = /^c[0-9a-f]{6}$/;

/** A run's resources, recorded before their creation. */
export const runState = z.object({
  version: z.literal(2),
  run: text.regex(RUN_ID, 'the id of a run'),
  /** ISO 8601. */
  startedAt: text.refine((time) => !Number.isNaN(Date.parse(time)), 'must be a time'),
  process: z.object({ host: text, pid: z.int('a whole number'), started: text }),
  resources: z.array(journalEntry).readonly(),
});
export type RunState = Readonly<z.infer<typeof runState>>;
export type Attachment = Extract<JournalEntry, { readonly kind: 'attachment' }>;

export interface Journal {
  /** Has written the entry to disk when it returns. */
  add(entry: JournalEntry): void;
  forget(entry: JournalEntry): void;
}
