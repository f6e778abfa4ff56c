import * as z from 'zod';
import { whole } from '../../foundation/node/validate.ts';

/** The form of what `detect --json` writes: which scenario noticed which defect. */

const texts = z.array(z.string()).readonly();

export const detectionSchema = z.object({
  kind: z.enum(['faults', 'mutants']),
  /** Share of the defects that were noticed, in whatever way, by area; `all` is of all. */
  figures: z.array(z.object({ area: z.string(), share: z.number() })).readonly(),
  detections: z
    .array(
      z.object({
        name: z.string(),
        area: z.string(),
        text: z.string(),
        state: z.enum(['noticed', 'no verdict', 'survived', 'unreached', 'timed out', 'error']),
        /** Ids of scenarios that noticed it (all, or the first), each with the flags it needs. */
        noticedBy: texts,
        reachedBy: whole(0),
        reason: z.exactOptional(z.string()),
      }),
    )
    .readonly(),
  /** For complete trials: scenarios that notice a defect as the only ones, or none. */
  scenarios: z.exactOptional(z.object({ alone: texts, nothing: texts })),
});

export type DetectionContent = z.infer<typeof detectionSchema>;
