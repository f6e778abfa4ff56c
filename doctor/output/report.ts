import { counted } from '../../foundation/node/text.ts';
import { SEVERITIES } from '../checks/check.ts';
import type { Finding } from '../judge/judge.ts';
import type { Suppressed } from '../judge/suppressions.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { inventoryOf, type InventoryRow } from './inventory.ts';

/** The version of the JSON output (doctor.schema.json). */
const REPORT_VERSION = 1;

/** A cluster of the report. */
export interface ReportedCluster {
  readonly context: string;
  readonly arn?: string;
  /** Such as `v1.34.1`. */
  readonly kubernetes?: string;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly pods: number;
  readonly associations: number;
}

/** How a report differs from an older one. */
export interface SinceBaseline {
  /** Fingerprints of findings that the older report does not have. One whose suppression is over counts as new. */
  readonly new: readonly string[];
  readonly unchanged: readonly string[];
  /** Findings of the older report that are over. */
  readonly gone: readonly Finding[];
  /** Findings of the older report whose check or cluster was not judged this time. */
  readonly notChecked: readonly Finding[];
}

/** The result of a run of `doctor`, and its JSON output. */
export interface DoctorReport extends Suppressed {
  readonly version: typeof REPORT_VERSION;
  readonly clusters: readonly ReportedCluster[];
  readonly inventory: readonly InventoryRow[];
  /** Undefined without an older report. */
  readonly since?: SinceBaseline;
}

export function reportOf(snapshot: Snapshot, judged: Suppressed): DoctorReport {
  return {
    version: REPORT_VERSION,
    clusters: snapshot.clusters.map(({ context, takenAt, kubernetes, aws }) => ({
      context,
      ...(aws?.cluster !== undefined && { arn: aws.cluster.arn }),
      ...(kubernetes.version !== undefined && { kubernetes: kubernetes.version }),
      takenAt,
      pods: kubernetes.pods?.length ?? 0,
      associations: aws?.associations?.length ?? 0,
    })),
    ...judged,
    inventory: inventoryOf(snapshot),
  };
}

export const isNew = ({ since }: Pick<DoctorReport, 'since'>, { fingerprint }: Finding): boolean =>
  since === undefined || since.new.includes(fingerprint);

/** Returns, for example, `2 errors, 1 warning, 0 notes`. */
export const countsText = ({ findings }: Pick<DoctorReport, 'findings'>): string =>
  SEVERITIES.map((severity) => {
    const { length } = findings.filter((finding) => finding.severity === severity);
    return counted(length, severity === 'info' ? 'note' : severity);
  }).join(', ');

/** What no reader of a cluster can see. */
export const INVISIBLE =
  'Not visible from outside: keys inside images and mounted files, and programs that ignore or drop their environment. Call GetCallerIdentity in the pod to be sure.';
