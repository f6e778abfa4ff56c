import * as z from 'zod';
import type { Frozen } from '../../foundation/node/validate.ts';

const change = z
  .object({
    subject: z.string().describe('Such as `role app`, `payments/ledger in cluster production` or `policy of Queue`.'),
    path: z.exactOptional(z.string().describe('The way that is new, such as an association or a trust policy.')),
    action: z.string(),
    resource: z.string(),
    request: z.string().describe('One request in words.'),
    conditions: z
      .record(z.string(), z.union([z.string(), z.array(z.string())]))
      .describe('Condition keys of the request.'),
    policy: z.string().describe('The address or file of the policy with the statement.'),
    sid: z.exactOptional(z.string()),
    statement: z.exactOptional(z.int().describe('From 1. Absent if the policy is not in the files.')),
    place: z.exactOptional(z.object({ file: z.string(), line: z.int() })),
    probes: z.exactOptional(
      z.array(z.string()).describe('Probes of the given suites that notice the change. Absent without suites.'),
    ),
    unless: z.exactOptional(
      z.array(z.string()).describe('Policies that are not in the files, and may decide otherwise.'),
    ),
  })
  .meta({ id: 'change' });
const undecided = z.object({ subject: z.string(), reason: z.string() });

/** Schema of the JSON output. `npm run schemas` generates no-new-access.schema.json. */
export const newAccessSchema = z
  .object({
    version: z.literal(1),
    newlyAllowed: z.array(change),
    accepted: z.array(change.extend({ until: z.iso.date(), reason: z.string() })),
    newlyDenied: z.array(change),
    undecided: z.array(undecided).describe('Parts that are not decided, and could be new access.'),
    compared: z.object({
      roles: z.int(),
      accounts: z.int().describe('Service accounts with a role.'),
      policies: z.int().describe('Policies of resources.'),
      files: z.int().describe('Files of the side after.'),
    }),
    assumed: z.string().describe('Policies that are assumed the same before and after.'),
    warnings: z.array(z.string()).describe('About accepted entries that are over or match nothing.'),
  })
  .describe('The output of no-new-access --format json.');

export type NewAccess = Frozen<z.output<typeof newAccessSchema>>;
export type ReportedChange = NewAccess['newlyAllowed'][number];
