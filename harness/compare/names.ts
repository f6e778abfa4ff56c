/** Replaces names with a run's id (harness/scenario/names.ts) by neutral names. */

import { declaredId } from '../../foundation/node/validate.ts';
import { roleOfSession } from '../../foundation/aws/role-arn.ts';

/** Unique ids of Pod Identity associations (Amazon EKS API Reference, PodIdentityAssociation, associationId). */
const ASSOCIATION_ID = /\ba-[a-z0-9]{17}\b/g;
/** UIDs of Kubernetes objects are UUIDs (Kubernetes documentation, "Object Names and IDs"). */
const UID = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** Replaces run id, association ids and UIDs by placeholders such as `<run>`, and removes the mark of a retry. */
export function neutral(text: string, run: string, scenario: string): string {
  const slug = declaredId(scenario).toLowerCase();
  return text
    .replaceAll(new RegExp(`(conformance-)?${run}`, 'g'), '<run>')
    .replaceAll(new RegExp(`\\b${slug}-\\d{4}\\b`, 'g'), slug)
    .replaceAll(ASSOCIATION_ID, '<association-id>')
    .replaceAll(UID, '<uid>');
}

/** Like `neutral`, for expectations: also replaces account ids. */
export const neutralExpectation = (text: string, run: string, scenario: string): string =>
  neutral(text, run, scenario).replaceAll(/\b\d{12}\b/g, '<account>');

/** Returns a scenario's name for an identity: its role, `node` or `static`; else a role's name in IAM, or the ARN. */
export function identityName(arn: string, run: string, scenario: string): string {
  if (/:root$|:user\//.test(arn)) return 'static';
  const role = roleOfSession(arn)?.split('/').at(-1);
  if (role === undefined) return neutral(arn, run, scenario);
  const name = neutral(role, run, scenario);
  if (/^<run>-c\d+-node$/.test(name)) return 'node';
  const resourcePrefix = `<run>-${declaredId(scenario).toLowerCase()}-`;
  return name.startsWith(resourcePrefix) ? name.slice(resourcePrefix.length) : name;
}
