/*
 * Each run gives its things names of its own, with the run's id in them (harness/scenario/names.ts). Here they are taken back to
 * what both runs have in common.
 */

import { declaredId } from '../../foundation/node/validate.ts';
import { roleOfSession } from '../../foundation/aws/role-arn.ts';

/**
 * Ids that EKS gives to Pod Identity associations (Amazon EKS API Reference, PodIdentityAssociation, associationId): no two are
 * alike.
 */
const ASSOCIATION_ID = /\ba-[a-z0-9]{17}\b/g;
/** UIDs of Kubernetes' objects are UUIDs (Kubernetes documentation, "Object Names and IDs"): no two are alike. */
const UID = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/**
 * A text of a scenario without what differs from run to run: `<run>` for the run's id, `<association-id>` and
 * `<uid>` for ids of associations and of Kubernetes' objects, and no mark of a further attempt.
 */
export function neutral(text: string, run: string, scenario: string): string {
  const slug = declaredId(scenario).toLowerCase();
  return text
    .replaceAll(new RegExp(`(conformance-)?${run}`, 'g'), '<run>')
    .replaceAll(new RegExp(`\\b${slug}-(try\\d|\\d{4})\\b`, 'g'), slug)
    .replaceAll(ASSOCIATION_ID, '<association-id>')
    .replaceAll(UID, '<uid>');
}

/** As `neutral`, for what is expected: account numbers also differ between one AWS and another. */
export const neutralExpectation = (text: string, run: string, scenario: string): string =>
  neutral(text, run, scenario).replaceAll(/\b\d{12}\b/g, '<account>');

/**
 * What an identity is called in its scenario: the name of a role of the scenario, `node` or `static`. A role that is none of
 * these is told by its name in IAM, anything else by its ARN.
 */
export function identityName(arn: string, run: string, scenario: string): string {
  if (/:root$|:user\//.test(arn)) return 'static';
  const role = roleOfSession(arn)?.split('/').at(-1);
  if (role === undefined) return neutral(arn, run, scenario);
  const name = neutral(role, run, scenario);
  if (/^<run>-c\d+-node$/.test(name)) return 'node';
  const own = `<run>-${declaredId(scenario).toLowerCase()}-`;
  return name.startsWith(own) ? name.slice(own.length) : name;
}
