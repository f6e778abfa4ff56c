import { ListPodIdentityAssociationsCommand } from '@aws-sdk/client-eks';
import type { V1Pod, V1ServiceAccount } from '@kubernetes/client-node';
import { clusterOf, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { admissionFacts, admitInDryRun, type PodFields } from '../world/admission.ts';
import type { WhyNot } from '../scenario/descriptor.ts';

/** Lines of API servers' metrics (Kubernetes documentation, "Kubernetes Metrics Reference"). */
const FAIL_OPEN = /^apiserver_admission_webhook_fail_open_count\{([^}]*)\} (\S+)$/gm;
/** All calls, and the calls that ended within ten seconds. */
const CALLS = /^apiserver_admission_webhook_admission_duration_seconds_count\{([^}]*)\} (\S+)$/gm;
const CALLS_IN_TIME =
  /^apiserver_admission_webhook_admission_duration_seconds_bucket\{([^}]*\ble="10(?:\.0)?"[^}]*)\} (\S+)$/gm;

/**
 * Returns why a pod of this workload was not injected, if webhook calls failed open. Inconclusive if the webhook injects
 * into such pods now. Undefined if no call failed.
 */
export async function whyUninjected(context: ScenarioContext, item: Workload): Promise<WhyNot | undefined> {
  const whyNot = await unansweredAdmission(context, item.cluster);
  if (whyNot?.why === undefined) return whyNot;
  const { status, body } = await admitInDryRun(context, item);
  if (status !== 201 || admissionFacts(JSON.parse(body) as V1Pod)['injected'] === 'none') return whyNot;
  return {
    unreliableReason: `${whyNot.why} The webhook injects into such pods now, so it was temporarily unreachable.`,
  };
}

/** Reports webhook calls that failed open (failure policy "Ignore"); undefined if none did. */
export async function unansweredAdmission(
  context: ScenarioContext,
  cluster: ClusterAlias,
): Promise<WhyNot | undefined> {
  const { status, body } = await clusterOf(context, cluster).kubernetes.raw({ path: '/metrics' });
  if (status !== 200) return undefined;
  const unanswered = [...sumsByName(body, FAIL_OPEN)].filter(([, count]) => count > 0);
  if (unanswered.length === 0) return undefined;
  const [all, inTime] = [sumsByName(body, CALLS), sumsByName(body, CALLS_IN_TIME)];
  const late = unanswered.filter(([name]) => (all.get(name) ?? 0) > (inTime.get(name) ?? 0));
  const times = unanswered.map(([name, count]) => `${name}: ${count}`).join(', ');
  const sentence = `Webhook calls of the API server failed open (apiserver_admission_webhook_fail_open_count: ${times}), so the webhook may not have seen this pod.`;
  // A webhook may also take ten seconds because the machine is busy.
  return late.length > 0 ? { unreliableReason: sentence } : { why: sentence };
}

function sumsByName(body: string, metric: RegExp): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [, labels = '', value] of body.matchAll(metric)) {
    const name = /\bname="([^"]*)"/.exec(labels)?.[1] ?? 'a webhook';
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

const ROLE_ARN = 'eks.amazonaws.com/role-arn';
const SKIP_CONTAINERS = 'eks.amazonaws.com/skip-containers';
const CREDENTIALS =
  /^AWS_(?:CONTAINER_CREDENTIALS_FULL_URI|CONTAINER_AUTHORIZATION_TOKEN_FILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)$/;

/**
 * Describes the webhook's conditions that decided the injection into pods of a workload, as far as EKS and the API
 * server report them (amazon-eks-pod-identity-webhook, README; EKS User Guide, "How EKS Pod Identity works").
 */
export async function injectionOf(
  context: ScenarioContext,
  { spec, cluster: alias, namespace, serviceAccount }: Workload,
  pod: PodFields = { spec: { containers: [{ env: environment(spec.env) }] } },
): Promise<string | undefined> {
  const { cluster, kubernetes } = clusterOf(context, alias);
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}`;
  const question = new ListPodIdentityAssociationsCommand({ clusterName: cluster.name, namespace, serviceAccount });
  try {
    const [{ associations = [] }, account] = await Promise.all([
      context.environment.aws.clients('main').eks.send(question),
      kubernetes.raw({ path }),
    ]);
    const { metadata } = JSON.parse(account.body) as V1ServiceAccount;
    const role = metadata?.annotations?.[ROLE_ARN];
    const ofAccount = `of service account ${namespace}/${serviceAccount}`;
    const [association] = associations;
    const decision =
      association !== undefined
        ? `the webhook injects container credentials because of association ${association.associationId} ${ofAccount}${role === undefined ? '' : `, which takes precedence over annotation ${ROLE_ARN}`}`
        : role !== undefined
          ? `the webhook injects a web identity because of annotation ${ROLE_ARN} "${role}" ${ofAccount}, which has no association`
          : `the webhook injects no credentials, because there is neither an association nor annotation ${ROLE_ARN} ${ofAccount}`;
    return [decision, ...exceptions(pod)].join('; ');
  } catch {
    return undefined;
  }
}

const environment = (env: Readonly<Record<string, string>> = {}): object[] =>
  Object.keys(env).map((name) => ({ name }));

/** Reasons that exclude containers from injection. */
function exceptions(pod: PodFields): string[] {
  const { metadata, spec }: V1Pod = pod as object;
  const skipped = metadata?.annotations?.[SKIP_CONTAINERS];
  const variables = spec?.containers
    .flatMap(({ env = [] }) => env.map(({ name }) => name))
    .find((name) => CREDENTIALS.test(name));
  return [
    ...(skipped === undefined ? [] : [`annotation ${SKIP_CONTAINERS} excludes "${skipped}"`]),
    ...(variables === undefined ? [] : [`a container that sets ${variables} itself gets no credentials`]),
  ];
}
