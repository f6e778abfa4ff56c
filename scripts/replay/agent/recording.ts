import * as z from 'zod';
import { validated } from '../../../foundation/node/validate.ts';

const text = z.string();
const textOrNull = z.string('a string or null').nullable();

export type Exchange = z.infer<typeof exchange>;
const exchange = z.object({
  name: text,
  request: z.object({
    method: text,
    path: text,
    /** Null for no header. */
    host: textOrNull,
    /** Contains `<…>` for tokens. Null for no header. */
    authorization: z.union([text, z.array(text), z.null()], 'a string, a list of strings or null'),
  }),
  /** Describes EKS Auth's answer (`behaviourOf`). */
  eksAuth: text,
  response: z.object({
    status: z.number(),
    contentType: textOrNull.optional(),
    body: z.unknown().optional(),
    location: textOrNull.optional(),
    headers: z.record(text, textOrNull).optional(),
  }),
  eksAuthCalls: z.number().optional(),
});

export type AgentRecording = z.infer<typeof recording>;
const recording = z.object({
  exchanges: z.array(exchange),
  eksAuthRequest: z
    .object({ path: text, authorization: text, 'content-type': text, 'body-keys': z.array(text) })
    .partial()
    .optional(),
  singleFlight: z
    .object({ concurrent: z.number(), statuses: z.array(z.number()), eksAuthCalls: z.number() })
    .optional(),
  rateLimit: z.object({ configured: text }).optional(),
  sigterm: z.object({ exitCode: z.number() }).optional(),
  metrics: z.array(text).optional(),
});

/** Validates a recording. Throws HarnessError BAD_FILE. */
export const readAgentRecording = (value: unknown): AgentRecording => validated(recording, value, String);
