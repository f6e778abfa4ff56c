import type { KubeConfig } from '@kubernetes/client-node';
import { defined } from '../snapshot/defined.ts';

/** What a kubeconfig's context says about its EKS cluster. */
export interface EksPlace {
  readonly server: string;
  /** The host name in the server's certificate, and a port other than 443. */
  readonly host: string;
  readonly name?: string;
  readonly region?: string;
  readonly accountId?: string;
  /** The profile with which the user's program gets tokens. */
  readonly profile?: string;
  /** Whether the host name is one of EKS. */
  readonly isEksHost: boolean;
}

interface Exec {
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

const ARN = /^arn:[\w-]+:eks:([\w-]+):(\d{12}):cluster\/([\w-]+)$/;
/** As in `admin@blue.us-west-2.eksctl.io`. */
const EKSCTL = /(?:^|@)([\w-]+)\.([a-z]{2,}(?:-[a-z]+)+-\d+)\.eksctl\.io$/;
/** As in `0123.gr7.us-west-2.eks.amazonaws.com`, or `0123.eks-cluster.us-west-2.api.aws` (EKS User Guide, "Cluster API server endpoint"). */
const HOST = /\.(?:([a-z]{2,}(?:-[a-z]+)+-\d+)\.eks|eks-cluster\.([a-z]{2,}(?:-[a-z]+)+-\d+))\.[a-z]/;

/** Finds the cluster of the current context: by its user's program, by names with an ARN, or by the server's host. */
export function eksPlaceOf(config: KubeConfig): EksPlace {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  const server = cluster?.server ?? '';
  const names = [config.getCurrentContext(), cluster?.name ?? '', user?.name ?? ''];
  const [, arnRegion, accountId, arnName] = matchOf(ARN, names);
  const [, eksctlName, eksctlRegion] = matchOf(EKSCTL, names);
  const host = cluster?.tlsServerName?.toLowerCase() ?? hostOf(server);
  const [isEksHost, region, dualStackRegion] = HOST.exec(host) ?? [];
  const { args, env } = (user?.exec ?? {}) as Exec;
  // A shell's command line is one argument.
  const words = (args ?? []).join(' ').split(/[\s=]+/);
  const flag = (...flags: readonly string[]): string | undefined =>
    words[words.findIndex((word) => flags.includes(word)) + 1 || words.length];
  const variable = (...variableNames: readonly string[]): string | undefined =>
    env?.find(({ name }) => variableNames.includes(name))?.value;
  const place = {
    name: flag('--cluster-name', '--cluster-id', '-i') ?? arnName ?? eksctlName,
    region:
      flag('--region') ??
      arnRegion ??
      eksctlRegion ??
      region ??
      dualStackRegion ??
      variable('AWS_REGION', 'AWS_DEFAULT_REGION'),
    accountId,
    profile: flag('--profile') ?? variable('AWS_PROFILE'),
  };
  return { server, host, isEksHost: isEksHost !== undefined, ...defined(place) };
}

/** Returns an empty string for other texts than URLs. */
export const hostOf = (url = ''): string => (URL.canParse(url) ? new URL(url).host : '');

const matchOf = (pattern: RegExp, names: readonly string[]): readonly (string | undefined)[] =>
  names.map((name) => pattern.exec(name)).find((match) => match !== null) ?? [];
