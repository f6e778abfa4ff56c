import type * as z from 'zod';
import type { worldSchema } from './world-schema.ts';

/** Resources of an emulated AWS. */
export type World = z.infer<typeof worldSchema>;
