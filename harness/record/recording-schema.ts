import * as z from 'zod';

const text = z.exactOptional(z.string());

/** The answer that settles a guess; `probe` counts from 1. */
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
export type RecordedResult = z.infer<typeof answer>;

/** AWS's answers that settle guesses of the emulator, without names of a run, accounts, ids and secrets. */
export const recordingSchema = z.object({
  about: z.string(),
  run: z.record(z.string(), z.string()),
  answers: z.array(answer),
  unanswered: z.array(z.object({ guess: z.string(), scenario: z.string(), reason: z.string() })),
});
export type Recording = z.infer<typeof recordingSchema>;
