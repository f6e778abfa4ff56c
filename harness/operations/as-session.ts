/** What sessions may do, asked by the harness: any number of questions of IAM, STS and S3, and no pod to wait for. */
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { assumeRoleInput } from '../../components/probe/assume-role-input.ts';
import { perform as performS3 } from '../../components/probe/s3.ts';
import { errorCode, requestOf, type ServiceError } from '../../components/probe/service-error.ts';
import type { AssumeRoleStep, Layer, ProbeResult, S3Operation } from '../../foundation/probe-protocol.ts';
import type { AwsClients } from '../aws/target.ts';
import type { Operation, WorkloadOperation } from '../scenario/spec.ts';
import { OF_SERVICES, refusalBy } from '../verdict/refusal.ts';
import { webSession, type WebSession } from '../world/sessions.ts';
import type { HeldSession, ScenarioWorld } from '../world/world.ts';
import { openPodSession } from './ask-eks-auth.ts';
import { defineHarnessOperation, ofWorkload, operationOf } from './registry.ts';

/** A workload, for the session of one of its pods; or a role and the token that opens it by web identity. */
export type Session = string | WebSession;

export const sessionReferences = (session: Session) =>
  typeof session === 'string' ? { workloads: [session] } : { roles: [session.role], tokens: [session.token] };

export const sessionNeeds = (session: Session) =>
  typeof session === 'string' ? (['pod-identity'] as const) : (['irsa'] as const);

export const sessionWords = (session: Session): string =>
  typeof session === 'string' ? `as a pod of ${session}` : `as role ${session.role} by web identity`;

/**
 * An operation of S3 or STS, made by the harness with the session of a workload's pod, which EKS Auth is asked for once, or of a
 * role that a token of the scenario opens. What the service refuses is a refusal, whatever its status. With `fresh` EKS Auth is
 * asked anew, for another pod.
 */
export const asSession = defineHarnessOperation(
  'AsSession',
  (session: Session, call: WorkloadOperation, { fresh = false }: { readonly fresh?: boolean } = {}) => ({
    session,
    call,
    fresh,
  }),
  {
    usesS3: true,
    asScenario: true,
    refersTo: ({ session }) => sessionReferences(session),
    *check({ call }) {
      if (!isCall(call)) yield `asSession makes no ${call.do}: give an operation of S3, whoAmI or assumeRole`;
    },
    needs: ({ session }) => sessionNeeds(session),
    describe: ({ session, call }, say) => [sessionWords(session), call.do, ...operationOf(call).describe(call, say)],
    mayDiffer: ({ outcome }, expectation) => outcome !== expectation.outcome,
    perform: async (world, { session, call, fresh }) => {
      if (fresh && typeof session === 'string') world.sessions.delete(session);
      const held = await sessionOf(world, session);
      return 'outcome' in held ? held : runAs(world, held, call);
    },
  },
);

/** The session, opened where it is not held yet; or the refusal of whoever opens it. */
export async function sessionOf(world: ScenarioWorld, session: Session): Promise<HeldSession | ProbeResult> {
  if (typeof session !== 'string') {
    try {
      return await webSession(world, session);
    } catch (error) {
      return refusalBy('sts', error as Error, OF_SERVICES);
    }
  }
  const refusal = world.sessions.has(session) ? undefined : await openPodSession(world, { workload: session });
  return world.sessions.get(session) ?? (refusal as ProbeResult);
}

const isCall = (call: Operation): boolean =>
  call.do === 'GetCallerIdentity' || call.do === 'AssumeRole' || ofWorkload(call)?.usesS3 === true;

async function runAs(world: ScenarioWorld, { clients }: HeldSession, call: Operation): Promise<ProbeResult> {
  const operation = ofWorkload(call)?.toProgram?.(call, world) ?? call;
  if (operation.do === 'GetCallerIdentity') return attempt('sts', () => whoAmI(clients));
  const step = stepOf(operation);
  if (step === undefined) return onS3(clients, operation);
  let assumed: AwsClients | undefined;
  const opened = await attempt('sts', async () => {
    const { Credentials, AssumedRoleUser, PackedPolicySize, $metadata } = await clients.sts.send(
      new AssumeRoleCommand(assumeRoleInput(step)),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration } = Credentials ?? {};
    assumed = world.environment.aws.clientsWith({
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    });
    return {
      outcome: 'granted',
      facts: {
        arn: AssumedRoleUser?.Arn ?? '',
        secondsLeft: Math.round(((Expiration?.getTime() ?? 0) - Date.now()) / 1000),
        ...(PackedPolicySize !== undefined && { packedPolicySize: PackedPolicySize }),
      },
      ...requestOf($metadata),
    };
  });
  return assumed === undefined || operation.do === 'AssumeRole' ? opened : onS3(assumed, operation);
}

const stepOf = (operation: Operation): AssumeRoleStep | undefined => {
  const { role, through } = operation as { readonly role?: AssumeRoleStep; readonly through?: AssumeRoleStep };
  return operation.do === 'AssumeRole' ? role : through;
};

async function whoAmI({ sts }: AwsClients): Promise<ProbeResult> {
  const { Arn = '', Account = '', $metadata } = await sts.send(new GetCallerIdentityCommand({}));
  return { outcome: 'granted', facts: { arn: Arn, accountId: Account }, ...requestOf($metadata) };
}

const onS3 = ({ s3 }: AwsClients, operation: Operation): Promise<ProbeResult> =>
  attempt('s3', async () => ({ outcome: 'granted', ...(await performS3(s3, operation as S3Operation)) }));

async function attempt(layer: Layer, call: () => Promise<ProbeResult>): Promise<ProbeResult> {
  try {
    return await call();
  } catch (error) {
    const refused = error as ServiceError;
    const code = errorCode(refused, refused.$metadata?.httpStatusCode);
    return { ...refusalBy(layer, refused, OF_SERVICES), code };
  }
}
