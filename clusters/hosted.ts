import type { ClusterDriver, ClusterHost } from './interface/driver.ts';
import { provisionThroughEks } from './eks/provision.ts';

export function hostedDriver(host: ClusterHost, run: string): ClusterDriver {
  return {
    name: host.name,
    remote: false,
    get capabilities() {
      return host.capabilities;
    },
    workloadImage: host.workloadImage,
    ...(host.onThisMachine && { onThisMachine: true }),
    ...(host.podStarts && { podStarts: host.podStarts }),
    disposable: host.kubeConfig === undefined,
    clusterName: (alias) => `${run}-${alias}`,
    provision: async (request) => {
      const provisioned = await provisionThroughEks(request);
      return {
        ...provisioned,
        kubeConfig: host.kubeConfig?.(request.name) ?? provisioned.kubeConfig,
        facts: { ...provisioned.facts, ...host.facts(request.name) },
      };
    },
    translations: () => host.translations(),
    failure: () => host.failure(),
    close: () => host.close(),
  };
}
