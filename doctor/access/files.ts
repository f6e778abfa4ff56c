import * as model from '../../identity/deployment/deployment.ts';
import { readDeployment, readManifest } from '../../identity/deployment/read.ts';
import { externalIdOf, POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { trustedProviders } from '../facts/trust.ts';
import { defined } from '../snapshot/defined.ts';
import type { ClusterSnapshot, Gap } from '../snapshot/snapshot.ts';
import { absence, accountOfAsker, annotationsOf, fileIdentity } from './file-identity.ts';
import { bucketOf, chosenRole, roleOf, roleOfFiles, unnamed, used, type PolicyFiles } from './file-roles.ts';
import { podsOfTemplates } from './pod-templates.ts';
import { ABSENT, ASSUME, UNSURE, type Asker } from './session.ts';

export { policyText } from './file-roles.ts';

const { knownOf, ROLE_ANNOTATION, Unknown } = model;

/**
 * Returns a snapshot of what the files deploy, in which the service account has the role that they give it. Gaps say what they do not
 * prove. Throws `HarnessError` BAD_FILE.
 */
export function snapshotOfFiles(files: PolicyFiles, asker: Asker, bucketName: string | undefined): ClusterSnapshot {
  const deployment = deploymentOf(files, asker);
  const { accountId = model.EXAMPLE_ACCOUNT, roles, clusters } = deployment;
  const { namespace, serviceAccount } = asker;
  const { association, annotated, unsure, isOpen } = fileIdentity(deployment, asker, files.clusterName);
  const { targetRoleArn, policy, disableSessionTags = false } = association ?? {};
  const given = association?.roleArn ?? annotated?.annotations[ROLE_ANNOTATION];
  const [roleArn, targetArn] = [used(files, given), used(files, targetRoleArn)];
  const isDeployment = files.deployment !== undefined || files.manifests.length > 0;
  const isChosen = given === undefined && files.deployment !== undefined && files.isAssumed;
  const first = isChosen ? chosenRole(deployment, files) : roles.find(({ arn }) => arn === roleArn);
  const firstRole =
    files.deployment === undefined && files.trust !== undefined
      ? { ...roleOfFiles(files, accountId), ...defined({ arn: roleArn }) }
      : first && roleOf(first, files, true);
  const others = roles.filter(({ arn }) => arn === targetArn);
  const onPath = [...(firstRole ? [firstRole] : []), ...others.map((one) => roleOf(one, files, false))];
  const knownCluster =
    files.clusterName ??
    knownOf(association?.cluster) ??
    (clusters.length === 1 ? knownOf(clusters[0]?.name) : undefined);
  const [name, region] = [knownCluster ?? 'cluster', deployment.region ?? 'us-west-2'];
  const texts = onPath.flatMap((role) => [role.trustPolicy, ...Object.values(role.policies ?? {})]).join('\n');
  if (
    /eks-cluster-(arn|name)|aws:SourceArn/i.test(texts) &&
    (knownCluster === undefined || deployment.region === undefined)
  )
    throw new HarnessError('BAD_FILE', 'The policies name the cluster. Give --cluster-name and --region.');
  const isPodIdentity =
    association !== undefined || (!annotated && firstRole?.trustPolicy.includes(POD_IDENTITY_SERVICE) === true);
  const issuer = isPodIdentity
    ? undefined
    : issuerOf(deployment, name, firstRole?.trustPolicy ? trustedProviders(firstRole) : []);
  const annotations: Record<string, string> = {
    ...annotationsOf(annotated),
    ...(!isPodIdentity && firstRole && { [ROLE_ANNOTATION]: firstRole.arn }),
  };
  const cluster = { name, arn: `arn:aws:eks:${region}:${accountId}:cluster/${name}`, autoMode: false };
  const isIdKnown = deployment.accountId !== undefined && deployment.region !== undefined;
  const externalId = association?.externalId ?? (isIdKnown ? externalIdOf(cluster, asker) : undefined);
  const hidden = disableSessionTags && externalId === undefined ? targetArn : undefined;
  const bucket = bucketName === undefined ? undefined : bucketOf(files, deployment, bucketName, accountId);
  const account = `${namespace}/${serviceAccount}`;
  const gap = (right: string, reason: string, object = account): Gap => ({ right, reason, object });
  const unknown = [given, targetRoleArn, policy].filter((one) => one instanceof Unknown).map(({ reason }) => reason);
  const isLost =
    isOpen || given instanceof Unknown || targetRoleArn instanceof Unknown || (association?.unsure ?? []).length > 0;
  const associated = roleArn ?? firstRole?.arn;
  const isAbsent = given === undefined && !files.isAssumed;
  const audience = annotations['eks.amazonaws.com/audience'] ?? 'sts.amazonaws.com';
  // Files without OIDC providers are of a part of an account.
  const providers =
    deployment.oidcProviders.length > 0
      ? deployment.oidcProviders
      : issuer === undefined
        ? []
        : [{ url: issuer, clientIds: [audience] }];
  const unread = deployment.unread
    .filter(({ content }) => content === undefined || content.includes(JSON.stringify(serviceAccount).slice(1, -1)))
    .map(({ reason }) => reason);
  const absent =
    isDeployment && unread.length === 0 ? gap(ABSENT, absence(deployment, asker)) : gap(ASSUME, 'not in the files');
  return {
    ...{ context: name, server: '', takenAt: new Date().toISOString() },
    gaps: [
      ...(bucket?.gaps ?? []),
      ...(isAbsent ? [absent] : []),
      ...(hidden === undefined
        ? []
        : [
            gap(
              `${association?.address}.external_id`,
              'known only after apply, or with --account and --region',
              hidden,
            ),
          ]),
      ...[
        ...unsure,
        ...(association?.unsure ?? []),
        ...unread,
        ...unknown,
        ...unnamed(first, [bucket?.bucket.policy, ...others.map(({ trust }) => knownOf(trust))]),
      ].map((reason) => gap(UNSURE, reason)),
      ...roles.flatMap(({ arn, trust }) => (trust instanceof Unknown ? [gap('the file', trust.reason, arn)] : [])),
    ],
    kubernetes: {
      serviceAccounts: [{ metadata: { namespace, name: serviceAccount, ...(!isLost && { annotations }) } }],
      pods: podsOfTemplates(deployment, asker, isPodIdentity ? undefined : { annotations }, isPodIdentity),
    },
    aws: {
      ...{ region, accountId, instanceProfiles: {} },
      cluster: { ...cluster, ...(issuer !== undefined && { issuer: `https://${issuer}` }) },
      associations: [isPodIdentity && !isLost ? associated : undefined].flatMap((arn) =>
        arn === undefined
          ? []
          : {
              ...{ namespace, serviceAccount, associationId: association?.address ?? 'of the files', roleArn: arn },
              disableSessionTags,
              ...defined({ targetRoleArn: targetArn, policy: used(files, policy), externalId }),
            },
      ),
      roles: Object.fromEntries(
        onPath.filter(({ arn, trustPolicy }) => trustPolicy !== '' && arn !== hidden).map((one) => [one.arn, one]),
      ),
      oidcProviders: providers.map(({ url, clientIds }) => ({
        url,
        clientIds,
        arn: `arn:aws:iam::${accountId}:oidc-provider/${url}`,
      })),
      organization: { state: 'none', reason: 'the files have none (--organization FILE gives one)' },
      ...(bucketName !== undefined && bucket && { buckets: { [bucketName]: bucket.bucket } }),
    },
  };
}

/** Returns what all files deploy, in the account that they name or that the service account's annotation names. */
function deploymentOf(files: PolicyFiles, asker: Asker): model.Deployment {
  const { deployment: path, format = 'terraform', values, region } = files;
  const manifests = files.manifests.map(readManifest);
  const annotated = manifests.map((one) => knownOf(accountOfAsker(one, asker)?.annotations[ROLE_ANNOTATION]));
  const read = (accountId?: string): model.Deployment =>
    path === undefined ? model.EMPTY : readDeployment(path, format, { accountId, region, values });
  const named = files.accountId ?? (format === 'terraform' ? read().accountId : undefined);
  const accountId = named ?? model.accountIn(annotated);
  const deployed = read(accountId ?? model.EXAMPLE_ACCOUNT);
  return { ...model.joined([deployed, ...manifests]), accountId, region: region ?? deployed.region };
}

/** Returns the issuer of the cluster: as the files say, otherwise the one that the role trusts. */
function issuerOf(
  { clusters, oidcProviders }: model.Deployment,
  clusterName: string,
  trusted: readonly string[],
): string | undefined {
  const cluster = clusters.find(({ name, issuer }) => knownOf(name) === clusterName && issuer !== undefined);
  const [only, ...others] = oidcProviders;
  const provider = oidcProviders.find(({ url }) => trusted.includes(url)) ?? (others.length === 0 ? only : undefined);
  return cluster?.issuer?.replace(/^https:\/\//, '') ?? provider?.url ?? trusted[0];
}

/** Returns the snapshot with the policy of a bucket that the caller gives, such as one of another account. */
export function withBucketPolicy(
  cluster: ClusterSnapshot,
  name: string,
  accountId: string,
  policy: string,
): ClusterSnapshot {
  const { aws } = cluster;
  const bucket = { key: null, ...aws?.buckets?.[name], name, accountId, policy };
  return aws === undefined ? cluster : { ...cluster, aws: { ...aws, buckets: { ...aws.buckets, [name]: bucket } } };
}
