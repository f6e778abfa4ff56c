import { listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import * as model from './deployment.ts';
import { TerraformPlan, type Resource, type Side } from './terraform-plan.ts';
import { isSet, leadsTo, roleOf } from './terraform-roles.ts';

const { knownOf, ROLE_ANNOTATION, Unknown } = model;

/** Resources that may give identities or run pods, and whose content is not read. */
const UNREAD = [
  ...['kubernetes_manifest', 'kubernetes_annotations', 'kubectl_manifest', 'helm_release', 'aws_eks_addon'],
  ...['awscc_eks_pod_identity_association', 'awscc_iam_role', 'awscc_iam_role_policy', 'kubernetes_env'],
  ...['deployment', 'stateful_set', 'daemonset', 'job', 'cron_job', 'pod'].flatMap((kind) => [
    `kubernetes_${kind}`,
    `kubernetes_${kind}_v1`,
  ]),
];

/** Returns what a plan or state of Terraform deploys, in the form of `terraform show -json`. Throws `PolicyProblem`. */
export function deploymentOfTerraform(
  content: JsonObject,
  given: model.Surroundings = {},
  side: Side = 'after',
): model.Deployment {
  const plan = new TerraformPlan(content, side);
  const arns = plan.resources.flatMap(({ type, values }) =>
    /^aws_(?:iam|eks)_/.test(type) ? [values['arn'], values['association_arn']] : [],
  );
  const callers = plan.resources
    .filter(({ type }) => type === 'aws_caller_identity')
    .map(({ values }) => textOf(values['account_id']));
  const regions = plan.ofType('aws_eks_cluster', 'aws_eks_pod_identity_association').flatMap(({ values }) => {
    const arn = textOf(values['arn']) ?? textOf(values['association_arn']);
    return textOf(values['region']) ?? arn?.split(':')[3] ?? [];
  });
  const configured = objectOf(objectOf(objectOf(content['configuration'])['provider_config'])['aws']);
  const provider = objectOf(objectOf(configured['expressions'])['region'])['constant_value'];
  const around = {
    accountId: given.accountId ?? callers.find(isSet) ?? model.accountIn(arns),
    region: given.region ?? regions[0] ?? textOf(provider),
  };
  const roles = new Map(plan.ofType('aws_iam_role').map((one) => [one.address, roleOf(plan, one, around)]));
  const role = (from: Resource, attribute: string): model.Known<string> | undefined => {
    const value = plan.text(from, attribute);
    if (!(value instanceof Unknown)) return value;
    const [only, ...others] = plan.referred(from, attribute, 'aws_iam_role') ?? [];
    return (others.length === 0 ? roles.get(only?.address ?? '')?.arn : undefined) ?? value;
  };
  const name = (from: Resource, attribute: string): model.Known<string> => {
    const value = plan.required(from, attribute);
    const [cluster] = value instanceof Unknown ? (plan.referred(from, attribute, 'aws_eks_cluster') ?? []) : [];
    return textOf(cluster?.values['name']) ?? value;
  };
  return {
    ...model.EMPTY,
    ...around,
    unread: [
      ...(content['errored'] === true || content['complete'] === false ? [{ reason: 'the plan is not complete' }] : []),
      ...plan.ofType(...UNREAD).map(({ address, values }) => ({
        reason: `${address} is not read`,
        content: JSON.stringify(values),
      })),
    ],
    roles: [...roles.values()],
    associations: plan.ofType('aws_eks_pod_identity_association').map((one) => ({
      address: one.address,
      cluster: name(one, 'cluster_name'),
      namespace: plan.required(one, 'namespace'),
      serviceAccount: plan.required(one, 'service_account'),
      roleArn: role(one, 'role_arn') ?? plan.required(one, 'role_arn'),
      targetRoleArn: role(one, 'target_role_arn'),
      externalId: textOf(one.values['external_id']),
      policy: plan.text(one, 'policy'),
      disableSessionTags: one.values['disable_session_tags'] === true,
      unsure: plan.isAfterApply(one, 'disable_session_tags')
        ? [plan.afterApply(one, 'disable_session_tags').reason]
        : [],
    })),
    clusters: plan.ofType('aws_eks_cluster').map((one) => {
      const oidc = objectOf(listOf(objectOf(listOf(one.values['identity'])[0])['oidc'])[0]);
      return { address: one.address, name: plan.required(one, 'name'), issuer: textOf(oidc['issuer']) };
    }),
    oidcProviders: plan.ofType('aws_iam_openid_connect_provider').flatMap((one) => {
      const url = knownOf(plan.required(one, 'url'))?.replace(/^https:\/\//, '');
      const clientIds = plan.texts(one, 'client_id_list') ?? [];
      return url === undefined ? [] : { address: one.address, url, clientIds };
    }),
    serviceAccounts: [
      ...plan.ofType('kubernetes_service_account', 'kubernetes_service_account_v1').flatMap((one) => {
        const metadata = objectOf(listOf(one.values['metadata'])[0]);
        const annotations = objectOf(metadata['annotations']) as Record<string, string>;
        const roleArn = isSet(annotations[ROLE_ANNOTATION]) ? undefined : annotatedRole(plan, one, roles);
        return {
          ...{
            address: one.address,
            namespace: textOf(metadata['namespace']) ?? 'default',
            name: String(metadata['name']),
          },
          annotations: { ...annotations, ...(roleArn !== undefined && { [ROLE_ANNOTATION]: roleArn }) },
        };
      }),
    ],
    buckets: plan.ofType('aws_s3_bucket').flatMap((one) => {
      const bucket = textOf(one.values['bucket']);
      const [policy] = plan
        .ofType('aws_s3_bucket_policy')
        .filter((other) => leadsTo(plan, other, 'bucket', one, bucket) !== false);
      const wasPolicy = plan.prior.some(
        ({ type, values }) => type === 'aws_s3_bucket_policy' && values['bucket'] === bucket,
      );
      const isSure = policy && leadsTo(plan, policy, 'bucket', one, bucket) === true;
      const text = policy
        ? isSure
          ? plan.required(policy, 'policy')
          : plan.afterApply(policy, 'bucket')
        : wasPolicy
          ? undefined
          : knownOf(plan.text(one, 'policy'));
      return bucket === undefined
        ? []
        : {
            ...{ address: policy?.address ?? one.address, name: bucket, policy: text ?? null },
            hasKey: plan
              .ofType('aws_s3_bucket_server_side_encryption_configuration')
              .some(
                (other) =>
                  leadsTo(plan, other, 'bucket', one, bucket) !== false &&
                  /"aws:kms/.test(JSON.stringify(other.values)),
              ),
          };
    }),
  };
}

function annotatedRole(
  plan: TerraformPlan,
  one: Resource,
  roles: ReadonlyMap<string, model.DeployedRole>,
): model.Known<string> | undefined {
  const attribute = 'metadata.annotations';
  const [only, ...others] = plan.referred(one, attribute, 'aws_iam_role') ?? [];
  if (others.length === 0 && only) return roles.get(only.address)?.arn;
  return plan.isAfterApply(one, 'metadata') && plan.hasReferences(one, attribute)
    ? plan.afterApply(one, attribute)
    : undefined;
}
