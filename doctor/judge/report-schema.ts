import * as z from 'zod';
import type { Frozen } from '../../foundation/node/validate.ts';
import { SEVERITIES } from '../checks/check.ts';
import { MECHANISMS } from '../facts/identity.ts';

const objectName = z
  .object({
    kind: z.string().describe('Such as Deployment, ServiceAccount, Association, Role or Node.'),
    namespace: z.exactOptional(z.string()),
    name: z.string(),
  })
  .meta({ id: 'object' });
const checkId = z.string().regex(/^PID\d{3}$/);
const cluster = z.string().describe('The context of the kubeconfig.');
const pods = z
  .array(z.string())
  .describe('Names of the affected pods, with the namespace of those in another one than the object.');
const finding = z.object({
  check: checkId,
  severity: z.enum(SEVERITIES),
  title: z.string(),
  cluster,
  object: objectName,
  text: z.string(),
  repair: z.string().describe('A command of kubectl or the AWS CLI on one line, or a sentence.'),
  fix: z.exactOptional(z.string().describe("The check's sentence on what to do. Older reports lack it.")),
  change: z.exactOptional(
    z
      .object({
        policy: z.string().describe('Such as `trust policy of role ledger`.'),
        before: z.string(),
        after: z.string(),
      })
      .describe('The policy that the repair changes, as JSON texts.'),
  ),
  pods,
  fingerprint: z
    .string()
    .describe(
      'The identity of the finding in later reports: a hash of cluster, check, owner, namespace and service account. It does not change with names of pods, ids of associations and texts.',
    ),
});
const fingerprints = z.array(z.string());

/** Schema of the JSON output. `npm run schemas` generates doctor.schema.json. */
export const reportSchema = z
  .object({
    version: z.literal(1),
    clusters: z.array(
      z.object({
        context: cluster,
        arn: z.exactOptional(z.string()),
        kubernetes: z.exactOptional(z.string()),
        takenAt: z.iso.datetime(),
        pods: z.exactOptional(z.int().describe('Absent if pods were not read.')),
        associations: z.exactOptional(z.int().describe('Absent if associations were not read.')),
      }),
    ),
    findings: z.array(finding.meta({ id: 'finding' })),
    suppressed: z.array(finding.extend({ until: z.iso.date(), reason: z.string() })),
    notChecked: z.array(
      z.object({
        check: checkId,
        title: z.string(),
        cluster,
        missing: z.string().describe('A right such as iam:GetRole or list pods.'),
        reason: z.string(),
        objects: z.array(objectName).describe('Empty: the check was not made at all.'),
      }),
    ),
    passed: z.array(z.object({ check: checkId, cluster })).describe('Checks that found nothing.'),
    warnings: z.array(z.string()).describe('About suppressions that are over or match nothing.'),
    inventory: z.array(
      z.object({
        cluster,
        namespace: z.string(),
        serviceAccount: z.string(),
        mechanism: z.enum(MECHANISMS),
        roleArn: z.exactOptional(z.string()),
        reason: z.exactOptional(z.string().describe('Why there are no credentials, or why the identity is unknown.')),
        pods,
        containers: z.exactOptional(
          z.array(z.string()).describe('Names of the containers of these pods that have the identity.'),
        ),
        note: z.exactOptional(z.string().describe('Which of them may not need the role.')),
      }),
    ),
    since: z.exactOptional(
      z
        .object({
          new: fingerprints.describe('Findings that the older report does not have.'),
          unchanged: fingerprints,
          gone: z.array(finding).describe('Findings of the older report that are over.'),
          notChecked: z.array(finding).describe('Findings of the older report that were not judged this time.'),
        })
        .describe('The comparison with the report of --since.'),
    ),
  })
  .describe('The output of doctor --format json.');

/** The result of a run of `doctor`, and its JSON output; `reportSchema` documents the fields. */
export type DoctorReport = Frozen<z.output<typeof reportSchema>>;
/** A check's problem in one object, with all its pods. */
export type Finding = DoctorReport['findings'][number];
/** A check that was not made, or not for some objects. */
export type NotChecked = DoctorReport['notChecked'][number];
/** An identity of a service account's containers. An account whose containers differ has several rows. */
export type InventoryRow = DoctorReport['inventory'][number];
/** `passed`: checks that were made for all objects and found nothing. */
export type Diagnosis = Pick<DoctorReport, 'findings' | 'notChecked' | 'passed'>;
export type Suppressed = Diagnosis & Pick<DoctorReport, 'suppressed' | 'warnings'>;
