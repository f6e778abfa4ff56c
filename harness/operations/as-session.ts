/** Operations of S3 and STS that the harness performs with a session of the scenario, without a pod. */
import { flag, lazy, object, openObject, text, union, type Schema } from '../scenario/form.ts';
import { chainStep, webSessionForm } from './forms.ts';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { assumeRoleInput } from '../../components/probe/assume-role-input.ts';
import { perform as performS3 } from '../../components/probe/s3.ts';
import { requestOf } from '../../components/probe/service-error.ts';
import type { AssumeRoleStep, ProbeResult, S3Operation } from '../../foundation/protocols/probe-protocol.ts';
import { credentialsOf } from '../../aws/credentials.ts';
import type { AwsClients } from '../../aws/clients.ts';
import type { Operation, WorkloadOperation } from '../scenario/spec.ts';
import { heldSession, webSession, type WebSession } from '../world/sessions.ts';
import type { HeldSession, ScenarioContext } from '../scenario/scenario-context.ts';
import { openPodSession } from './ask-eks-auth.ts';
import { attempt, sessionFacts } from './session-answer.ts';
import { defineHarnessOperation, ofWorkload, operationOf } from '../scenario/operation-registry.ts';
import { stepToProgram, type ChainStep } from './sts.ts';

/** A workload (the session of one of its pods), a web identity, or a session that another one opens by AssumeRole. */
export type Session = string | WebSession | ChainedSession;

interface ChainedSession {
  readonly from: Session;
  readonly step: ChainStep;
}

export const session: Schema<Session> = lazy(() =>
  union(
    [text, webSessionForm, object({ from: session, step: chainStep })],
    'a workload, { role, token } or chained(…)',
  ),
);

/** Returns the session that `from` opens by AssumeRole: `chained('app', chain('target'))`. */
export const chained = (from: Session, step: ChainStep): ChainedSession => ({ from, step });

const firstOf = (session: Session): string | WebSession =>
  typeof session === 'object' && 'from' in session ? firstOf(session.from) : session;

export function sessionReferences(session: Session) {
  const first = firstOf(session);
  return typeof first === 'string' ? { workloads: [first] } : { roles: [first.role], tokens: [first.token] };
}

export const sessionNeeds = (session: Session) =>
  typeof firstOf(session) === 'string' ? (['pod-identity'] as const) : (['irsa'] as const);

export function sessionWords(session: Session): string {
  if (typeof session === 'string') return `as a pod of ${session}`;
  if ('from' in session) return `${sessionWords(session.from)}, then as ${session.step.roleArn}`;
  return `as role ${session.role} by web identity`;
}

/**
 * Performs an operation of S3 or STS with the session of a workload's pod (requested from EKS Auth once), or of a role
 * by web identity. Refusals of any status are results. `fresh`: requests a new session, for another pod.
 */
export const asSession = defineHarnessOperation(
  'AsSession',
  (session: Session, call: WorkloadOperation, { fresh = false }: { readonly fresh?: boolean } = {}) => ({
    session,
    call,
    fresh,
  }),
  {
    form: { session, call: openObject({ do: text }, 'an operation such as whoAmI()'), fresh: flag },
    usesS3: true,
    asScenario: true,
    refersTo: ({ session }) => sessionReferences(session),
    *check({ call }) {
      if (!isCall(call)) yield `asSession does not support ${call.do}: use an operation of S3, whoAmI or assumeRole`;
    },
    needs: ({ session }) => sessionNeeds(session),
    describe: ({ session, call }, say) => [sessionWords(session), call.do, ...operationOf(call).describe(call, say)],
    mayDiffer: ({ outcome }, expectation) => outcome !== expectation.outcome,
    perform: async (context, { session, call, fresh }) => {
      const first = firstOf(session);
      if (fresh && typeof first === 'string') context.sessions.delete(first);
      const held = await sessionOf(context, session);
      return 'outcome' in held ? held : runAs(context, held, call);
    },
  },
);

/** Returns the session, opened if necessary, or the refusal of its service. */
export async function sessionOf(context: ScenarioContext, session: Session): Promise<HeldSession | ProbeResult> {
  if (typeof session === 'object' && 'from' in session) {
    const held = await sessionOf(context, session.from);
    if ('outcome' in held) return held;
    const opened = await open(context, held, stepToProgram(context.names, session.step));
    return opened.held ?? opened.result;
  }
  if (typeof session !== 'string') return webSession(context, session);
  const refusal = context.sessions.has(session) ? undefined : await openPodSession(context, { workload: session });
  return context.sessions.get(session) ?? (refusal as ProbeResult);
}

const isCall = (call: Operation): boolean =>
  call.do === 'GetCallerIdentity' || call.do === 'AssumeRole' || ofWorkload(call)?.usesS3 === true;

async function runAs(context: ScenarioContext, { clients }: HeldSession, call: Operation): Promise<ProbeResult> {
  const operation = ofWorkload(call)?.toProgram?.(call, context) ?? call;
  if (operation.do === 'GetCallerIdentity') return attempt('sts', () => whoAmI(clients));
  const step = stepOf(operation);
  if (step === undefined) return onS3(clients, operation);
  const { result, held } = await open(context, { clients }, step);
  return held === undefined || operation.do === 'AssumeRole' ? result : onS3(held.clients, operation);
}

async function open(
  context: ScenarioContext,
  { clients }: Pick<HeldSession, 'clients'>,
  step: AssumeRoleStep,
): Promise<{ readonly result: ProbeResult; readonly held?: HeldSession }> {
  let held: HeldSession | undefined;
  const result = await attempt('sts', async () => {
    const answer = await clients.sts.send(new AssumeRoleCommand(assumeRoleInput(step)));
    held = heldSession(context, credentialsOf(answer));
    return { outcome: 'granted', facts: sessionFacts(answer), ...requestOf(answer.$metadata) };
  });
  return { result, ...(held !== undefined && { held }) };
}

const stepOf = (operation: Operation): AssumeRoleStep | undefined => {
  const { role, through } = operation as { readonly role?: AssumeRoleStep; readonly through?: AssumeRoleStep };
  return operation.do === 'AssumeRole' ? role : through;
};

async function whoAmI({ sts }: AwsClients): Promise<ProbeResult> {
  const { Arn = '', Account = '', UserId = '', $metadata } = await sts.send(new GetCallerIdentityCommand({}));
  return { outcome: 'granted', facts: { arn: Arn, accountId: Account, userId: UserId }, ...requestOf($metadata) };
}

const onS3 = ({ s3 }: AwsClients, operation: Operation): Promise<ProbeResult> =>
  attempt('s3', async () => ({ outcome: 'granted', ...(await performS3(s3, operation as S3Operation)) }));
