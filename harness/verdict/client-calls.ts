/** What AWS received of a client: its own words are no proof, and clients without STS cannot say who they are. */
import type { CallRecord } from '../../emulator/index.ts';
import type { ProbeReport, ProbeResult } from '../../foundation/probe-protocol.ts';
import { ofWorkload } from '../operations/registry.ts';
import type { ProbeStep } from '../scenario/spec.ts';
import type { ScenarioWorld } from '../world/world.ts';

const ANSWERED: readonly ProbeResult['outcome'][] = ['granted', 'denied', 'absent'];

/**
 * The report of a client's operation on S3 with whose session S3 saw. An error where S3 received no such call or answered another
 * way than the client says, and where AWS keeps no record and nobody else tells who it was.
 */
export function asRecorded(world: ScenarioWorld, { operation }: ProbeStep, report: ProbeReport): ProbeReport {
  const { installed, client } = world.scenario.client ?? {};
  const bucket = bucketOf(world, operation);
  if (installed === undefined || bucket === undefined || !ANSWERED.includes(report.outcome) || report.layer === 'sts')
    return report;
  const wrong = (what: string): ProbeReport => ({
    ...report,
    outcome: 'error',
    message: `client ${client?.name} says that ${operation.do} was ${report.outcome}, and ${what}`,
  });
  const { controls } = world.environment.aws;
  if (controls === undefined)
    return report.identity === undefined ? wrong('neither it nor a record of AWS tells as whom') : report;
  const isIts = (call: CallRecord): boolean =>
    call.service === 's3' &&
    call.receivedAt >= report.startedAt &&
    call.receivedAt <= report.endedAt &&
    call.authorizations.some(({ resource }) => isIn(resource, bucket));
  const told = report.requestId === undefined ? undefined : controls.findCall(report.requestId);
  const call = told ?? controls.calls().findLast(isIts);
  if (call === undefined) return wrong('S3 received no call of it');
  if (call.status >= 400 !== (report.outcome !== 'granted')) return wrong(`S3 answered ${call.status}`);
  const identity = { arn: call.caller, account: call.caller.split(':')[4] ?? '' };
  return { ...report, requestId: call.requestId, identity };
}

/** The real name of the bucket that a pod's operation of S3 is about; undefined for other operations. */
function bucketOf(world: ScenarioWorld, operation: ProbeStep['operation']): string | undefined {
  const descriptor = ofWorkload(operation);
  if (descriptor?.usesS3 !== true) return undefined;
  return (descriptor.toProgram?.(operation, world) as { readonly bucket?: string } | undefined)?.bucket;
}

const isIn = (resource: string, bucket: string): boolean => {
  const place = resource.split(':::')[1];
  return place === bucket || place?.startsWith(`${bucket}/`) === true;
};
