import * as z from 'zod';
import { whole } from '../../foundation/node/validate.ts';

/** The form of what `detect --json` writes: which scenario, or test file, noticed which defect. */

const texts = z.array(z.string()).readonly();

export const detectionSchema = z.object({
  kind: z.enum(['faults', 'mutants', 'judge']),
  /** Share of the defects that were noticed, in whatever way, by area; `all` is of all. */
  figures: z.array(z.object({ area: z.string(), share: z.number() })).readonly(),
  detections: z
    .array(
      z.object({
        name: z.string(),
        area: z.string(),
        text: z.string(),
        state: z.enum(['noticed', 'no verdict', 'survived', 'unreached', 'timed out', 'error']),
        /** Ids of scenarios, with the flags that one needs behind its id: all that noticed it, or the first. */
        noticedBy: texts,
        /** How many reach it. */
        reachedBy: whole(0),
        reason: z.exactOptional(z.string()),
      }),
    )
    .readonly(),
  /** Where all were tried that reach a defect: who alone notices something, and who notices nothing. */
  scenarios: z.exactOptional(z.object({ alone: texts, nothing: texts })),
});

export type DetectionContent = z.infer<typeof detectionSchema>;
