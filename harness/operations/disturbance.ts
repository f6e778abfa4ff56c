import { GREATEST_ID } from '../scenario/checks.ts';
import { anyNumber, choice, cluster, object, opt, text, textMap, whole } from '../scenario/form.ts';
import { badScenario } from '../../foundation/node/errors.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { clusterOf } from '../scenario/scenario-context.ts';
import { defineStep } from '../scenario/operation-registry.ts';

interface Disturbance {
  readonly service: 's3' | 'iam' | 'sts' | 'eks' | 'eks-auth';
  readonly operation: string;
  readonly delayMilliseconds?: number;
  readonly error?: { readonly code: string; readonly status: number; readonly message: string };
  /** Replaces the service's answer, with headers and body as given. */
  readonly answer?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  /** Lifetime of the credentials from AssumeRoleForPodIdentity, in seconds. */
  readonly credentialsSeconds?: number;
  readonly times?: number;
  readonly cluster?: ClusterAlias;
  /** Disturbs only calls for pods of this namespace. The scenario then need not run alone. */
  readonly namespace?: string;
  /** Disturbs only AssumeRoleForPodIdentity with this minted token. The scenario then need not run alone. */
  readonly token?: string;
}

/** Delays AWS calls or answers them with an error, until `clearDisturbances` or the end of the scenario. */
export const disturbAws = defineStep('DisturbAws', (options: Disturbance) => ({ ...options }), {
  form: {
    service: choice('s3', 'iam', 'sts', 'eks', 'eks-auth'),
    operation: text,
    delayMilliseconds: opt(anyNumber),
    error: opt(object({ code: text, status: whole(100, 599), message: text })),
    answer: opt(object({ status: whole(100, 599), headers: opt(textMap), body: opt(text) })),
    credentialsSeconds: opt(anyNumber),
    times: opt(whole(1, GREATEST_ID)),
    cluster: opt(cluster),
    namespace: opt(text),
    token: opt(text),
  },
  withoutKubernetes: true,
  refersTo: ({ cluster, token }) => ({ clusters: [cluster], tokens: [token] }),
  needs: () => ['aws-disturbances'],
  isExclusive: ({ namespace, token }) => namespace === undefined && token === undefined,
  // Clients repeat a call that fails, after half a second on average.
  waitSeconds: ({ delayMilliseconds = 500 }) => delayMilliseconds / 1000,
  perform: async ({ context }, { kind: _kind, do: _do, cluster, namespace, token, ...disturbance }) => {
    const end = context.environment.aws.controls?.addDisturbance({
      ...disturbance,
      ...(cluster !== undefined && { clusterName: clusterOf(context, cluster).cluster.name }),
      ...(namespace !== undefined && { namespace: context.names.namespace(namespace) }),
      ...(token !== undefined && { token: context.tokens.get(token) ?? '' }),
    });
    if (!end)
      throw badScenario(
        `${context.scenario.id} disturbs AWS without naming the capability aws-disturbances in "needs".`,
      );
    context.disturbances.push(end);
    context.resources.addChange('a disturbance of AWS', async () => end());
  },
});

export const clearDisturbances = defineStep('EndDisturbances', () => ({}), {
  form: {},
  withoutKubernetes: true,
  perform: async ({ context }) => {
    for (const end of context.disturbances.splice(0)) end();
  },
});
