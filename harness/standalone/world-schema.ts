import * as z from 'zod';
import { words } from '../../foundation/node/validate.ts';
import { policy } from '../../identity/policy-file/schema.ts';

const named = z.strictObject({ name: words, document: policy }).meta({ id: 'namedPolicy' });
const attached = z
  .union([named, policy], 'the ARN of a managed policy, a policy document, {"file": …} or {"name": …, "document": …}')
  .describe('The ARN of a managed policy, or a policy, which becomes an inline policy.');
const content = z.union([z.string(), z.strictObject({ file: words }), z.strictObject({ base64: z.string() })]);

const role = z.strictObject({
  name: words,
  path: words.optional(),
  tags: z.record(z.string(), z.string()).optional(),
  trust: policy.optional().describe('Default: trusts EKS Pod Identity, or with `irsa` only these service accounts.'),
  irsa: z
    .array(z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'NAMESPACE/SERVICEACCOUNT'))
    .optional()
    .describe("Trusts these service accounts by the cluster's OIDC provider."),
  policies: z.array(attached).optional(),
  boundary: attached.optional(),
});

const association = z.strictObject({
  namespace: words,
  serviceAccount: words,
  role: words.describe('Name or ARN.'),
  targetRole: words.optional().describe('Name or ARN.'),
  policy: policy.optional().describe('Session policy.'),
  disableSessionTags: z.boolean().optional(),
});

const bucket = z.strictObject({
  name: words,
  policy: policy.optional(),
  objects: z.record(z.string(), content).optional().describe('Contents by key.'),
});
const user = z.strictObject({ name: words, policies: z.array(attached).optional() });

/** The source of world.schema.json, which `npm run schemas` writes. */
export const worldSchema = z
  .strictObject({
    $schema: z.string().optional(),
    cluster: words.optional().describe('Name of the EKS cluster. Default: local.'),
    roles: z.array(role).optional(),
    associations: z.array(association).optional(),
    buckets: z.array(bucket).optional(),
    users: z.array(user).optional().describe('IAM users, each with an access key.'),
    issuers: z
      .array(words)
      .optional()
      .describe('OIDC issuers in trust policies that stand for that of the cluster, without https://.'),
  })
  .meta({
    title: 'World of the emulated AWS',
    description: 'Resources that `emulator --world` and `up --world` create.',
  });
