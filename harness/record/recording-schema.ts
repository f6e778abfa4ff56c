import * as z from 'zod';

const text = z.exactOptional(z.string());

/** What was answered at the place that settles a guess; `probe` is counted from 1. */
const answer = z.object({
  guess: z.string(),
  scenario: z.string(),
  probe: z.number(),
  outcome: z.string(),
  by: text,
  code: text,
  status: z.exactOptional(z.number()),
  message: text,
  facts: z.exactOptional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
});
export type Answer = z.infer<typeof answer>;

/** What an AWS answered where the emulator guesses. Names of a run, accounts and ids are not in it, nor any secret. */
export const recordingSchema = z.object({
  about: z.string(),
  /** Of the run: harness, day, AWS, region, versions. */
  run: z.record(z.string(), z.string()),
  answers: z.array(answer),
  unanswered: z.array(z.object({ guess: z.string(), scenario: z.string(), reason: z.string() })),
});
export type Recording = z.infer<typeof recordingSchema>;
