import { opt, text, textMap, whole } from '../scenario/form.ts';
import { association, where } from './forms.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { whenMade } from '../scenario/retry-rules.ts';
import { GREATEST_ID } from '../scenario/checks.ts';
import { isAnswer, HARNESS_CALLER_ERRORS, SERVICE_ERRORS, refusalBy, type Problems } from '../../aws/refusal.ts';
import { makeAssociation } from '../world/fixtures/associations.ts';
import { webSession } from '../world/sessions.ts';
import { tagMap, type ScenarioContext } from '../scenario/scenario-context.ts';
import {
  associationFacts,
  associationWords,
  callerWords,
  nameOf,
  requested,
  whereWords,
  type AssociationRequest,
  type OfCluster,
  type Where,
} from './eks.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';
import { tagWords } from './s3.ts';

interface CreationOptions {
  /** Number of concurrent calls. Default 1. */
  readonly atOnce?: number;
  /** Name in `<association-id:…>`, `<association-arn:…>` and `<external-id:…>`. Default `made`. */
  readonly name?: string;
  /** Suffix of the namespace's name. The namespace need not exist. */
  readonly namespaceSuffix?: string;
  /** Its tags. The administrator adds those of the run. */
  readonly tags?: Readonly<Record<string, string>>;
}

interface CreateAssociation extends OfCluster, CreationOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly association: AssociationRequest;
}

/**
 * Calls CreatePodIdentityAssociation for `<namespace>/<service account>`, as the administrator or as a role that is
 * assumed with one of the scenario's `tokens` (AssumeRoleWithWebIdentity).
 */
export const createAssociationFor = defineHarnessOperation(
  'CreatePodIdentityAssociation',
  (
    serviceAccount: string,
    association: AssociationRequest,
    options: Where & CreationOptions = {},
  ): CreateAssociation => {
    const [namespace = '', name = ''] = serviceAccount.split('/');
    return { cluster: 'c1', namespace, serviceAccount: name, association, ...options };
  },
  {
    form: {
      ...where,
      namespace: text,
      serviceAccount: text,
      association,
      atOnce: opt(whole(1, GREATEST_ID)),
      name: opt(text),
      namespaceSuffix: opt(text),
      tags: opt(textMap),
    },
    withoutKubernetes: true,
    refersTo: ({ cluster, association, as }) => ({
      clusters: [cluster],
      roles: [association.role, association.targetRole ?? undefined, as?.role],
      tokens: [as?.token],
    }),
    needs: ({ as }) => (as === undefined ? ['associations'] : ['associations', 'irsa']),
    describe: (operation, say) => [
      tagWords(operation.tags, say),
      `for ${operation.namespace}${operation.namespaceSuffix ?? ''}/${operation.serviceAccount}`,
      associationWords(operation.association, say),
      callerWords(operation.as),
      operation.atOnce === undefined ? '' : `${operation.atOnce} at once`,
      whereWords(operation, say),
    ],
    mayDiffer: whenMade,
    perform: async (context, operation) => {
      try {
        return await createAssociations(context, operation);
      } catch (error) {
        return refusalBy('eks', error as Error, problemsOf(operation));
      }
    },
  },
);

const problemsOf = ({ as }: CreateAssociation): Problems => (as === undefined ? HARNESS_CALLER_ERRORS : SERVICE_ERRORS);

/** An unused id: later calls for an association that could not be created get 404. */
const NO_ASSOCIATION = 'a-00000000000000000';

async function createAssociations(context: ScenarioContext, operation: CreateAssociation): Promise<ProbeResult> {
  const { name = 'made', namespaceSuffix = '', atOnce = 1, as, tags } = operation;
  const session = as && (await webSession(context, as));
  // Without a session, EKS cannot be called.
  if (session !== undefined && 'outcome' in session) return session;
  const { eks: caller } = session?.clients ?? context.environment.aws.clients('main');
  const input = {
    clusterName: nameOf(context, operation),
    namespace: context.names.namespace(operation.namespace) + namespaceSuffix,
    serviceAccount: operation.serviceAccount,
    // A member that the scenario omits on purpose is not sent.
    ...(requested(context, operation.association) as { roleArn: string }),
    // A role of the scenario may lack the permission to tag.
    tags: as === undefined ? { ...tags, ...tagMap(context) } : tags,
  };
  const tries = await Promise.allSettled(Array.from({ length: atOnce }, () => makeAssociation(context, caller, input)));
  const made = tries.filter((attempt) => attempt.status === 'fulfilled').map(({ value }) => value);
  const errors = tries.filter((attempt) => attempt.status === 'rejected').map(({ reason }) => reason as Error);
  const [first] = made;
  const id = first?.associationId ?? NO_ASSOCIATION;
  context.names.learn(`association-id:${name}`, id);
  context.names.learn(`association-arn:${name}`, first?.associationArn ?? id);
  context.names.learn(`external-id:${name}`, first?.externalId ?? 'none');
  const failure = errors.find((error) => !isAnswer(error, problemsOf(operation))) ?? (first ? undefined : errors[0]);
  if (failure !== undefined) throw failure;
  const several = { created: made.length, refusals: errors.map((error) => error.name).join() };
  return { outcome: 'granted', facts: { ...associationFacts(first), ...(atOnce > 1 && several) } };
}
