import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { textsOf, type OptionValues } from '../../foundation/node/options.ts';
import type { AccountClusterType, OpenRequest } from '../interface/cluster-type.ts';
import { capabilitiesOfEks } from './capabilities.ts';
import { checkEksOptions, EKS_OPTIONS } from './command-options.ts';
import { eksOptionsOf } from './options.ts';
import { planEks } from './plan.ts';

export const EKS: AccountClusterType = {
  name: 'eks',
  options: EKS_OPTIONS,
  defaults: { 'ready-timeout': 2700, parallel: 64, timeout: 300 },
  aws: 'account',
  check: checkEksOptions,
  capabilities: (options) => capabilitiesOfEks(eksOptionsOf(options)),
  // Existing clusters, too, accept the credentials of the run.
  existing: (options) => options.list('cluster-name'),
  plan: planEks,
  placeRunner: async ({ options }) => {
    const { readContext } = await import('../../foundation/node/named-context.ts');
    const { config, context } = readContext(textsOf(options, { kubeconfig: 'kubeconfig', context: 'context' }));
    return {
      clusterName: options.list('cluster-name')[0] ?? '',
      kubeConfig: config,
      runnerImage: options.text('runner-image') ?? '',
      workloadImage: options.text('workload-image') ?? '',
      facts: { context },
      close: async () => undefined,
    };
  },
  open: async ({ options, run, workload, endpoints }) => {
    const eksAuthEndpoint = endpoints['eks-auth'];
    const workloadImage = workloadImageOf(options, workload, endpoints);
    const { eksDriver } = await import('./index.ts');
    return eksDriver({
      ...eksOptionsOf(options),
      run,
      workloadImage,
      ...(eksAuthEndpoint !== undefined && { eksAuthEndpoint }),
      // Some EKS emulators only store cluster records.
      kubernetes: endpoints['eks'] === undefined ? 'required' : 'optional',
    });
  },
};

/** Returns the image, which real nodes pull from the user's registry and emulated clusters include. Throws BAD_CLUSTER. */
function workloadImageOf(
  options: OptionValues,
  { image }: WorkloadProgram,
  endpoints: OpenRequest['endpoints'],
): string {
  const given = options.text('workload-image') ?? (endpoints['eks'] === undefined ? undefined : image);
  if (given !== undefined) return given;
  throw new HarnessError(
    'BAD_CLUSTER',
    'EKS clusters pull the probe program from a registry. Name its image with --workload-image; docs/eks.md describes how to build and push it.',
  );
}
