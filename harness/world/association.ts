import { withoutPath } from '../../foundation/aws/role-arn.ts';
import type { EksAuthAnswer } from '../../aws/eks-auth.ts';
import { usesKubernetes } from '../scenario/requirements.ts';
import type { AssociationSpec } from '../scenario/spec.ts';
import { awaitAdmission, isInjected } from './admission.ts';
import { eksAuthOf } from './eks-auth-questions.ts';
import { uniqueSubjects } from './fixtures/service-accounts.ts';
import {
  note,
  accountKey,
  workloads,
  type ScenarioContext,
  type AccountWorkloads,
  type Workload,
} from '../scenario/scenario-context.ts';

/** Whether the following probes expect that these workloads get no credentials. */
type ExpectsRefusal = (workloads: readonly string[]) => boolean;

const namesOf = (subject: AccountWorkloads): readonly string[] => subject.map(({ name }) => name);

export interface Change {
  /** Whether pods of the service account are injected for Pod Identity afterwards. */
  readonly injected: boolean;
  /** Role of EKS Auth's session afterwards; undefined accepts any changed answer. */
  readonly roleArn: string | undefined;
}

/** EKS Auth's error for a service account without an association (EKS Auth API Reference, AssumeRoleForPodIdentity). */
const NO_ASSOCIATION: EksAuthAnswer = { code: 'ResourceNotFoundException' };
/** Returns how many answers in a row prove the end of a session, because AWS has many hosts and the agent caches answers. */
const inARow = ({ environment: { aws } }: ScenarioContext): number => (aws.name === 'aws' ? 3 : 1);

/**
 * Watches a change of an association; undefined if AWS is consistent. EKS answers before the webhook and EKS Auth know
 * the change (Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"). The watch checks
 * the webhook with pods in dry run, and EKS Auth with the token of a pod that never runs. `isNew`: there was no association
 * before, so EKS Auth's earlier answer is known.
 */
export async function watchAssociation(context: ScenarioContext, subject: AccountWorkloads, isNew = false) {
  const { propagation } = context.environment.aws;
  if (propagation === undefined || !usesKubernetes(context.scenario.spec)) return undefined;
  const [first] = subject;
  const auth = await eksAuthOf(context, first);
  const milliseconds = propagation.boundSeconds * 1000;
  const before = isNew ? NO_ASSOCIATION : ((await auth?.first(performance.now() + milliseconds)) ?? NO_ASSOCIATION);
  const times = before.roleArn === undefined ? 1 : inARow(context);
  const late = ` ${propagation.boundSeconds} s after its association was changed`;
  return {
    /**
     * Waits until both know the change. Continues with a note after the bound. Throws the signal's reason, and AWS's
     * error if the harness lacks permissions or its credentials are expired.
     */
    until: async ({ injected, roleArn }: Change): Promise<void> => {
      const end = performance.now() + milliseconds;
      const [webhookKnows, last] = await Promise.all([
        awaitAdmission(context, first, (facts) => isInjected(facts) === injected, { milliseconds }),
        auth?.until(
          end,
          (answer) => (roleArn === undefined ? differ(answer, before) : answer.roleArn === withoutPath(roleArn)),
          times,
        ),
      ]).finally(() => auth?.close());
      context.signal.throwIfAborted();
      const account = `${first.namespace}/${first.serviceAccount}`;
      // Also after a timeout: new pods must reflect the change.
      context.injected.set(accountKey(first), injected);
      if (!webhookKnows)
        note(
          context,
          subject,
          `pods of ${account} were still ${injected ? 'not ' : ''}injected for Pod Identity${late}`,
        );
      if (last !== undefined) note(context, subject, `EKS Auth still answered ${words(last)} for ${account}${late}`);
    },
  };
}

/** Waits until webhook and EKS Auth know all new associations of a scenario. */
export async function awaitAssociations(
  context: ScenarioContext,
  subjects: readonly AccountWorkloads[],
  expectsRefusal: ExpectsRefusal,
): Promise<void> {
  if (context.environment.aws.propagation === undefined) return;
  await Promise.all(
    subjects.map(async (subject) => {
      const association = subject.find((item) => item.association !== undefined)?.association;
      if (association === undefined) return;
      const watch = await watchAssociation(context, subject, true);
      await watch?.until(changeTo(context, subject, association, expectsRefusal));
    }),
  );
}

/**
 * Returns a function that waits until EKS Auth refuses sessions of a role, if the next probes expect this. The canary
 * shows only the state of STS, and the agent would cache a session.
 */
export async function watchRefusals(
  context: ScenarioContext,
  role: string,
  expectsRefusal: ExpectsRefusal,
): Promise<() => Promise<void>> {
  const { propagation } = context.environment.aws;
  if (propagation === undefined || !usesKubernetes(context.scenario.spec)) return async () => undefined;
  const milliseconds = propagation.boundSeconds * 1000;
  const watches = await Promise.all(
    uniqueSubjects(workloads(context)).map(async (subject) => {
      const has = ({ association }: Workload): boolean =>
        association?.role === role || association?.targetRole === role;
      if (!subject.some(has) || !expectsRefusal(namesOf(subject))) return undefined;
      const auth = await eksAuthOf(context, subject[0]);
      const before = await auth?.first(performance.now() + milliseconds);
      if (before?.roleArn !== undefined) return { subject, auth };
      auth?.close();
      return undefined;
    }),
  );
  return async () => {
    const end = performance.now() + milliseconds;
    await Promise.all(
      watches.map(async (watch) => {
        const isRefused = ({ roleArn }: EksAuthAnswer): boolean => roleArn === undefined;
        const last = await watch?.auth?.until(end, isRefused, inARow(context)).finally(() => watch.auth?.close());
        if (last === undefined || watch === undefined) return;
        const [{ namespace, serviceAccount }] = watch.subject;
        const late = `${propagation.boundSeconds} s after its role was changed`;
        note(
          context,
          watch.subject,
          `EKS Auth still answered ${words(last)} for ${namespace}/${serviceAccount} ${late}`,
        );
      }),
    );
  };
}

/** Returns the state of webhook and EKS Auth that the following probes expect. */
export function changeTo(
  context: ScenarioContext,
  subject: AccountWorkloads,
  association: Pick<AssociationSpec, 'role' | 'targetRole'>,
  expectsRefusal: ExpectsRefusal,
): Change {
  const role = association.targetRole ?? association.role;
  return { injected: true, roleArn: expectsRefusal(namesOf(subject)) ? undefined : context.names.roleArn(role) };
}

const differ = (answer: EksAuthAnswer, before: EksAuthAnswer): boolean =>
  answer.roleArn !== before.roleArn || answer.code !== before.code;

const words = ({ roleArn, code, message }: EksAuthAnswer): string =>
  roleArn === undefined ? `${code ?? 'an error'}${message === undefined ? '' : ` ("${message}")`}` : `with ${roleArn}`;
