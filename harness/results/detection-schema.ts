import * as z from 'zod';
import { whole } from '../../foundation/node/validate.ts';

/** The schema of the output of `detect --json`: which scenario detected which defect. */

const texts = z.array(z.string()).readonly();

export const detectionSchema = z.object({
  kind: z.enum(['faults', 'mutants']),
  /** Share of defects that were detected by any means, by area; `all`: of all areas. */
  figures: z.array(z.object({ area: z.string(), share: z.number() })).readonly(),
  detections: z
    .array(
      z.object({
        name: z.string(),
        area: z.string(),
        text: z.string(),
        state: z.enum(['noticed', 'no verdict', 'survived', 'unreached', 'timed out', 'error']),
        /** Ids of scenarios that detected it (all, or the first), each with its flags. */
        noticedBy: texts,
        reachedBy: whole(0),
        reason: z.exactOptional(z.string()),
      }),
    )
    .readonly(),
  /** If all scenarios were tried: scenarios that are the only ones to detect a defect, and those that detect none. */
  scenarios: z.exactOptional(z.object({ alone: texts, nothing: texts })),
});

export type DetectionContent = z.infer<typeof detectionSchema>;
