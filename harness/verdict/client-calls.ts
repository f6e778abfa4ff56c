/** Verifies client reports by AWS's call record, because clients may be wrong or not know their identity. */
import type { CallRecord } from '../../emulator/index.ts';
import type { ProbeReport, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { ofWorkload } from '../scenario/operation-registry.ts';
import type { ProbeStep } from '../scenario/spec.ts';
import { workload, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';
import { openedBy } from './received-calls.ts';

const ANSWERED: readonly ProbeResult['outcome'][] = ['granted', 'denied', 'absent'];

/**
 * Adds the session that S3 saw to a client's report. The result is an error if S3 received no such call or answered
 * differently, or if there is no record and the client does not know its identity.
 */
export function asRecorded(
  context: ScenarioContext,
  { operation, workload: name }: ProbeStep,
  report: ProbeReport,
): ProbeReport {
  const { installed, client } = context.scenario.client ?? {};
  const target = targetOf(context, operation);
  if (installed === undefined || target === undefined || !ANSWERED.includes(report.outcome) || report.layer === 'sts')
    return report;
  const wrong = (what: string): ProbeReport => ({
    ...report,
    outcome: 'error',
    message: `client ${client?.name} reports that ${operation.do} was ${report.outcome}, but ${what}`,
  });
  const { controls } = context.environment.aws;
  if (controls === undefined)
    return report.identity === undefined
      ? wrong('neither the client nor an AWS call record shows the identity')
      : report;
  const reportedCall = report.requestId === undefined ? undefined : controls.findCall(report.requestId);
  const calls = reportedCall === undefined ? callsFor(controls.calls(), target, report) : [reportedCall];
  // Other pods of the scenario may make the same call concurrently.
  const its =
    ofOneRole(calls) || name === undefined ? calls : calls.filter(ofAccount(controls.calls(), workload(context, name)));
  const call = its.at(-1);
  if (calls.length === 0) return wrong('S3 received no such call');
  if (call === undefined || !ofOneRole(its)) return wrong('S3 received such calls from several roles at that time');
  if (call.status >= 400 !== (report.outcome !== 'granted')) return wrong(`S3 answered ${call.status}`);
  const identity = { arn: call.caller, account: call.caller.split(':')[4] ?? '' };
  return { ...report, requestId: call.requestId, identity };
}

const ofOneRole = (calls: readonly CallRecord[]): boolean =>
  new Set(calls.map(({ caller }) => caller.split('/').slice(0, 2).join('/'))).size === 1;

/** Whether a call's session was opened with a token of the workload's service account. */
function ofAccount(record: readonly CallRecord[], { namespace, serviceAccount }: Workload) {
  const [ofEksAuth, ofSts] = [`${namespace}/${serviceAccount}`, `system:serviceaccount:${namespace}:${serviceAccount}`];
  const isOwn = (note: string): boolean =>
    note.startsWith(`token is of ${ofEksAuth},`) || note.endsWith(`subject is ${ofSts}`);
  const sessions = new Set(record.filter(({ notes }) => notes.some(isOwn)).flatMap(openedBy));
  return ({ caller }: CallRecord): boolean => sessions.has(caller);
}

interface Target {
  readonly bucket: string;
  readonly key?: string;
}

function targetOf(context: ScenarioContext, operation: ProbeStep['operation']): Target | undefined {
  const descriptor = ofWorkload(operation);
  if (descriptor?.usesS3 !== true) return undefined;
  const { bucket, key } = (descriptor.toProgram?.(operation, context) ?? {}) as Partial<Target>;
  return bucket === undefined ? undefined : { bucket, ...(key !== undefined && { key }) };
}

/** Calls to S3 about the object during the operation, or else about its bucket. */
function callsFor(calls: readonly CallRecord[], { bucket, key }: Target, report: ProbeReport): readonly CallRecord[] {
  const during = calls.filter(
    ({ service, receivedAt }) => service === 's3' && receivedAt >= report.startedAt && receivedAt <= report.endedAt,
  );
  const about = (isMeant: (place: string | undefined) => boolean): readonly CallRecord[] =>
    during.filter(({ authorizations }) => authorizations.some(({ resource }) => isMeant(resource.split(':::')[1])));
  const ofObject = about((place) => place === (key === undefined ? bucket : `${bucket}/${key}`));
  return ofObject.length > 0
    ? ofObject
    : about((place) => place === bucket || place?.startsWith(`${bucket}/`) === true);
}
