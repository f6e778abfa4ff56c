import { EXIT, HarnessError } from '../../foundation/node/errors.ts';
import type { Io } from '../../foundation/node/io.ts';
import { option, textsOf, withFields, type OptionSpec } from '../../foundation/node/options.ts';
import type { CollectOptions } from '../../doctor/collect/index.ts';
import type { OrganizationReading } from '../../doctor/snapshot/aws.ts';
import type { Snapshot } from '../../doctor/snapshot/snapshot.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import { CLEAR } from '../../harness/report/live-region.ts';
import { json } from './formats.ts';

/** Returns the options that name a cluster. `instead`: options that replace it. `files`: those that do not replace its name and region. */
export const connectionOptions = (
  context: OptionSpec,
  instead: readonly string[] = [],
  files: readonly string[] = [],
): readonly OptionSpec[] => [
  ...withFields({ conflicts: [{ with: [...instead, ...files] }] }, [
    option.text('kubeconfig FILE', 'use this kubeconfig (default: $KUBECONFIG or ~/.kube/config)'),
    context,
    option.list('aws-endpoint URL', 'send calls to this URL instead of AWS, or SERVICE=URL (repeatable)'),
  ]),
  ...withFields({ conflicts: [{ with: instead }] }, [
    option.text('cluster-name NAME', "the cluster's name on EKS (default: from the context)"),
    option.text('region REGION', 'the AWS region (default: from the context, AWS_REGION or the profile)'),
  ]),
];

/** Options about the organization of the account. */
export const ORGANIZATION: readonly OptionSpec[] = [
  option.text('organization FILE', 'judge by the organization policies of this file, or none'),
  option.flag('no-organization', 'judge as if no organization policy restricted the account', {
    conflicts: [{ with: ['organization'] }],
  }),
  option.text('organization-profile NAME', 'read the organization with this AWS profile', {
    conflicts: [{ with: ['organization', 'no-organization', 'from'] }],
  }),
];

/** Returns the organization that the options give; undefined if it should be read. Throws `HarnessError` BAD_FILE. */
export async function organizationOf(given: GivenOptions): Promise<OrganizationReading | undefined> {
  const file = given.text('organization');
  const isNone = file === 'none' || given.flag('no-organization');
  if (isNone) return { state: 'none', reason: `--${file === undefined ? 'no-' : ''}organization says so` };
  if (file === undefined) return undefined;
  const { readOrganization } = await import('../../identity/deployment/organization.ts');
  return { state: 'read', from: file, organization: readOrganization(file) };
}

/** Returns the snapshot with the organization that the options give. */
export async function withOrganization(snapshot: Snapshot, given: GivenOptions): Promise<Snapshot> {
  const organization = await organizationOf(given);
  if (organization === undefined) return snapshot;
  const clusters = snapshot.clusters.map((one) => (one.aws ? { ...one, aws: { ...one.aws, organization } } : one));
  return { ...snapshot, clusters };
}

/** Returns the options that read a cluster, or a saved one, with the parameters of `connectionOptions`. */
export const clusterOptions = (
  context: OptionSpec,
  instead: readonly string[] = ['from'],
  files: readonly string[] = [],
): readonly OptionSpec[] => [
  ...connectionOptions(context, instead, files),
  option.text('save FILE', 'write the snapshot to this file, without secrets', {
    conflicts: [{ with: ['from', ...files] }],
  }),
  option.text('from FILE', 'judge a saved file instead of a cluster'),
  ...ORGANIZATION,
];

export const RIGHTS: readonly OptionSpec[] = [
  option.flag('print-policy', 'print the IAM policy that it needs, and exit', { exits: true }),
  option.flag('print-rbac', 'print the RBAC role that it needs, and exit', { exits: true }),
];

export const asksForRights = ({ flag }: GivenOptions): boolean => flag('print-policy') || flag('print-rbac');

/**
 * Prints the document of `--print-policy` or `--print-rbac`. `role`: of a namespace, next to the ClusterRole. Both are bound to a group.
 * Returns the exit code.
 */
export async function printRights(
  { flag }: GivenOptions,
  { stdout }: Io,
  { forCan = false, role }: { readonly forCan?: boolean; readonly role?: NamespacedRole } = {},
): Promise<number> {
  const { ACCESS_RIGHTS, clusterRole, policyDocument } = await import('../../doctor/collect/index.ts');
  const items = [clusterRole(), ...(role ? [role] : [])].flatMap((one) => [one, bindingOf(one)]);
  const rbac = { apiVersion: 'v1', kind: 'List', items };
  stdout.write(json(flag('print-policy') ? policyDocument(forCan ? ACCESS_RIGHTS : undefined) : rbac));
  return EXIT.conforms;
}

interface NamespacedRole {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The group of the bindings. An EKS access entry adds a caller to it with `--kubernetes-groups`. */
const GROUP = 'eks-pod-identity-conformance-doctor';

const bindingOf = ({ apiVersion, kind, metadata }: NamespacedRole) => ({
  apiVersion,
  kind: `${kind}Binding`,
  metadata,
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: GROUP }],
});

/** Milliseconds between lines of progress that do not replace each other. */
const PROGRESS_PAUSE = 2000;

/** Returns a function that shows the last line on a terminal. Elsewhere it prints the first line, then at most one every 2 s. */
export function progressOf({ stderr }: Io): (line: string) => void {
  let next = 0;
  return (line) => {
    if (stderr.isTTY) stderr.write(`${CLEAR}${line}`);
    else if (line !== '' && performance.now() >= next) {
      next = performance.now() + PROGRESS_PAUSE;
      stderr.write(`${line}\n`);
    }
  };
}

/** Returns how the given options read a cluster, without a signal. */
export async function collectOptions(
  given: GivenOptions,
  { environment }: Io,
): Promise<Omit<CollectOptions, 'signal'>> {
  const { environmentEndpoints, parseEndpoints } = await import('../../aws/endpoints.ts');
  return {
    ...textsOf(given, { kubeconfig: 'kubeconfig', clusterName: 'cluster-name', region: 'region' }),
    contexts: [given.values.get('context')?.value ?? []].flat() as readonly string[],
    endpoints: { ...environmentEndpoints(environment), ...parseEndpoints(given.list('aws-endpoint'), 'account') },
    environment,
  };
}

/** Reads the file of `--from`, or the clusters. `note`: printed when interrupted. Throws `HarnessError` and `ClusterError`. */
export async function snapshotOf(
  given: GivenOptions,
  io: Io,
  note: string,
  more: Partial<CollectOptions>,
): Promise<{ readonly snapshot: Snapshot; readonly signal?: AbortSignal }> {
  const { readSnapshot, writeSnapshot } = await import('../../doctor/snapshot/file.ts');
  const { values } = given;
  const file = given.text('from');
  if (file !== undefined) return { snapshot: await withOrganization(readSnapshot(file), given) };
  const organization = await organizationOf(given);
  const { collect } = await import('../../doctor/collect/index.ts');
  const signal = io.interruption(`${note}\n`);
  const progress = progressOf(io);
  const read = async (): Promise<Snapshot> => {
    if (values.get('demo')?.value !== true)
      return collect({
        ...(await collectOptions(given, io)),
        ...textsOf(given, { organizationProfile: 'organization-profile' }),
        ...(organization && { organization }),
        ...{ ...more, signal, progress },
      });
    progress('making an embedded cluster with many problems');
    const { withDemo } = await import('./doctor-demo.ts');
    return withDemo(signal, (options) => collect({ ...options, ...more, progress }));
  };
  const snapshot = await read().catch((error: unknown) => {
    if (!(error instanceof HarnessError) || error.code !== 'BAD_AWS' || !values.has('kubernetes-only')) throw error;
    throw new HarnessError('BAD_AWS', `${error.message} --kubernetes-only leaves out AWS.`);
  });
  progress('');
  const target = given.text('save');
  if (target !== undefined) writeSnapshot(target, snapshot);
  return { snapshot, signal };
}

const CONTEXTS = option.list('context NAME', 'read the cluster of this context (default: the current one; repeatable)');

/** Returns the options with which each subcommand of doctor reads clusters. */
export const readingOptions = (): readonly OptionSpec[] => [
  ...clusterOptions(CONTEXTS, ['from', 'demo']),
  ...withFields({ conflicts: [{ with: ['from', 'demo'] }] }, [option.flag('kubernetes-only', 'do not call AWS')]),
  option.flag('demo', 'make an embedded cluster with many problems, and report them', {
    conflicts: [{ with: ['from'] }],
  }),
];

/** Reads clusters, with the policies of all roles of their pods. */
export const readClusters = (given: GivenOptions, io: Io) =>
  snapshotOf(given, io, 'Stopping. The report covers the parts that were read.', {
    aws: !given.flag('kubernetes-only'),
    policies: true,
  });
