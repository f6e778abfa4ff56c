import { capabilitiesOfEks, EKS_CAPABILITIES, eksDriver, type EksOptions } from '../../clusters/eks/index.ts';
import { PROBE_IMAGE } from '../../clusters/embedded/host.ts';
import { tagsOf } from '../../foundation/tags.ts';
import { AWS_CAPABILITIES } from '../aws/capabilities.ts';
import type { Endpoints } from '../aws/endpoints.ts';
import { isRootUser } from '../aws/preflight.ts';
import { realAws } from '../aws/real.ts';
import type { Configuration } from '../config/configuration.ts';
import { HarnessError } from '../../foundation/errors.ts';
import { provisioningError, type Platform } from './environment.ts';
import type { PlatformOptions } from './platform.ts';

/** What clusters of EKS may be able to do; what runs on them may lack some of it. */
export const eksCapabilities = (configuration: Configuration | undefined): ReadonlySet<string> =>
  configuration === undefined ? EKS_CAPABILITIES : capabilitiesOfEks(ofClusters(configuration));

/** What AWS may be able to do, as far as the configuration tells. */
export function eksAwsCapabilities(configuration: Configuration | undefined): ReadonlySet<string> {
  const other = configuration?.text('other-account-role') !== undefined;
  return new Set(AWS_CAPABILITIES.filter((name) => name !== 'two-accounts' || other));
}

/** AWS itself or other endpoints, and clusters that EKS makes there or has. Throws as `preparePlatform` does. */
export async function eksPlatform(options: PlatformOptions & { readonly endpoints: Endpoints }): Promise<Platform> {
  const { configuration, environment, run, expiresAt, endpoints } = options;
  const probeImage = workloadImage(configuration, endpoints);
  const aws = await realAws({
    ...{ run, endpoints, environment },
    tags: (region) => tagsOf(run, expiresAt, region),
    region: configuration.text('region'),
    allowedAccounts: configuration.list('allow-account'),
    otherAccountRole: configuration.text('other-account-role'),
    permissionsBoundary: configuration.text('permissions-boundary'),
  });
  if (isRootUser(aws.callerArn))
    options.progress(
      'The credentials are those of the root user, so it cannot be seen when changes of IAM are in force: where that takes time, verdicts about changes may be wrong. Use those of a role.',
    );
  const eksAuthEndpoint = endpoints['eks-auth'];
  try {
    const clusters = eksDriver({
      ...ofClusters(configuration),
      ...{ run, probeImage, callerArn: aws.callerArn, ec2: aws.ec2 },
      ...(eksAuthEndpoint !== undefined && { eksAuthEndpoint }),
      // Of what plays EKS, some keeps a record of clusters alone.
      kubernetes: endpoints.eks === undefined ? 'required' : 'optional',
    });
    return { aws, clusters };
  } catch (error) {
    await aws.close().catch(() => undefined);
    throw provisioningError('eks', error as Error);
  }
}

/** The options that say which clusters a run uses. */
function ofClusters(configuration: Configuration): Omit<EksOptions, 'run' | 'probeImage'> {
  const given = <Name extends string>(name: Parameters<Configuration['text']>[0], option: Name) => {
    const value = configuration.text(name);
    return value === undefined ? {} : ({ [option]: value } as Record<Name, string>);
  };
  return {
    attach: configuration.list('cluster-name'),
    readyMilliseconds: configuration.number('ready-timeout') * 1000,
    compute: configuration.text('compute') as 'node-group' | 'auto-mode',
    instanceType: configuration.text('instance-type') ?? '',
    nodes: configuration.number('nodes'),
    subnetIds: configuration.list('subnet-ids'),
    agentArgs: configuration.list('agent-args'),
    faults: [],
    ...given('kubernetes-version', 'kubernetesVersion'),
    ...given('addon-version', 'addonVersion'),
    ...given('cluster-role-arn', 'clusterRoleArn'),
    ...given('node-role-arn', 'nodeRoleArn'),
    ...given('admin-principal-arn', 'adminPrincipalArn'),
    ...given('agent-image', 'agentImage'),
  };
}

/**
 * Image of the probe program. Nodes of EKS itself pull it from a registry, which only the user can name; an emulator's
 * clusters know the name that `npm run emulator` gives the program. Throws `HarnessError` BAD_CLUSTER.
 */
function workloadImage(configuration: Configuration, endpoints: Endpoints): string {
  const image = configuration.text('workload-image') ?? (endpoints.eks === undefined ? undefined : PROBE_IMAGE);
  if (image === undefined)
    throw new HarnessError(
      'BAD_CLUSTER',
      'Clusters of EKS pull the probe program from a registry: name its image with --workload-image (docs/images.md says how to build and push it).',
    );
  return image;
}
