import { badScenario } from '../../foundation/node/errors.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { clusterOf } from '../scenario/world.ts';
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
  /** Of AssumeRoleForPodIdentity: lifetime of the credentials, in seconds. */
  readonly credentialsSeconds?: number;
  readonly times?: number;
  readonly cluster?: ClusterAlias;
  /** Only calls for pods of this namespace of the scenario, which need not run alone then. */
  readonly namespace?: string;
  /** Only AssumeRoleForPodIdentity with this minted token of the scenario, which need not run alone then. */
  readonly token?: string;
}

/** Delays calls of AWS or answers them with an error, until `clearWeather` or the end of the scenario. */
export const weather = defineStep('DisturbAws', (options: Disturbance) => ({ ...options }), {
  withoutKubernetes: true,
  refersTo: ({ cluster, token }) => ({ clusters: [cluster], tokens: [token] }),
  needs: () => ['weather'],
  isExclusive: ({ namespace, token }) => namespace === undefined && token === undefined,
  perform: async ({ world }, { kind: _kind, do: _do, cluster, namespace, token, ...disturbance }) => {
    const end = world.environment.aws.controls?.addDisturbance({
      ...disturbance,
      ...(cluster !== undefined && { clusterName: clusterOf(world, cluster).cluster.name }),
      ...(namespace !== undefined && { namespace: world.names.namespace(namespace) }),
      ...(token !== undefined && { token: world.tokens.get(token) ?? '' }),
    });
    if (!end) throw badScenario(`${world.scenario.id} disturbs AWS without naming the capability weather in "needs".`);
    world.disturbances.push(end);
    world.resources.addChange('a disturbance of AWS', async () => end());
  },
});

export const clearWeather = defineStep('EndDisturbances', () => ({}), {
  withoutKubernetes: true,
  perform: async ({ world }) => {
    for (const end of world.disturbances.splice(0)) end();
  },
});
