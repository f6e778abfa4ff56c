/** A way in which policies are written wrong. */
export interface LooseningOperator {
  readonly direction: 'looser' | 'tighter';
  readonly title: string;
  /** What it does to a statement, with an example. */
  readonly does: string;
  /** A public incident or the documentation that warns of the mistake. */
  readonly source: { readonly title: string; readonly url: string };
}

const iam = (title: string, page: string): LooseningOperator['source'] => ({
  title: `IAM User Guide, "${title}"`,
  url: `https://docs.aws.amazon.com/IAM/latest/UserGuide/${page}.html`,
});
const OPERATORS_PAGE = iam('Condition operators', 'reference_policies_elements_condition_operators');
const WIZ = {
  title: 'Wiz, "Avoiding mistakes with AWS OIDC integration conditions"',
  url: 'https://www.wiz.io/blog/avoiding-mistakes-with-aws-oidc-integration-conditions',
};
const LEAST_PRIVILEGE = iam('Security best practices in IAM', 'best-practices');

const looser = (title: string, does: string, source: LooseningOperator['source']): LooseningOperator => ({
  direction: 'looser',
  title,
  does,
  source,
});
const tighter = (...given: Parameters<typeof looser>): LooseningOperator => ({
  ...looser(...given),
  direction: 'tighter',
});

/** The table in docs/loosen.md is made of these. */
export const OPERATORS = {
  'drop-condition': looser(
    'a condition is dropped',
    'An Allow loses one key of its conditions: a tag, `sub`, `aud`, `sts:ExternalId`, `aws:SourceArn`.',
    WIZ,
  ),
  'like-prefix': looser('a value becomes a prefix', '`StringEquals "ledger"` becomes `StringLike "ledger*"`.', {
    title: 'Unit 42, "OH-MY-DC: OIDC Misconfigurations in CI/CD"',
    url: 'https://unit42.paloaltonetworks.com/oidc-misconfigurations-in-ci-cd/',
  }),
  'like-segment': looser(
    'a segment becomes a wildcard',
    '`ArnEquals "…:cluster/production"` becomes `ArnLike "…:cluster/*"`. In `sub`, namespace or service account becomes `*`.',
    {
      title: 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"',
      url: 'https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html',
    },
  ),
  'like-any': looser(
    'any value matches',
    'The value becomes `*`, so that the key only has to be there.',
    OPERATORS_PAGE,
  ),
  'if-exists': looser(
    'IfExists is added',
    '`StringEquals` becomes `StringEqualsIfExists`: a request without the key passes.',
    OPERATORS_PAGE,
  ),
  'lose-if-exists': looser(
    'a Deny loses IfExists',
    '`BoolIfExists` becomes `Bool`: the Deny spares requests without the key.',
    OPERATORS_PAGE,
  ),
  'swap-set': looser(
    'ForAllValues and ForAnyValue are swapped',
    '`ForAnyValue` becomes `ForAllValues`, which also holds without any value, or the other way round.',
    iam(
      'Single-valued vs. multivalued context keys',
      'reference_policies_condition-single-vs-multi-valued-context-keys',
    ),
  ),
  'widen-set': looser(
    'a set gets one more value',
    '`"ledger"` becomes `["ledger", "ledger-2"]`, cluster `c1` becomes `c1` and `c2`. A Deny spares one more.',
    LEAST_PRIVILEGE,
  ),
  'lose-value': looser(
    'a Deny or a negated condition loses a value',
    '`StringNotEquals ["red", "blue"]` becomes `StringNotEquals ["red"]`.',
    LEAST_PRIVILEGE,
  ),
  'parent-resource': looser(
    'a resource is widened by a folder',
    '`data/red/*` becomes `data/*`, `data` becomes `data*`, `role/target` becomes `role/*`.',
    LEAST_PRIVILEGE,
  ),
  'any-resource': looser('any resource', '`Resource` becomes `*`.', {
    title: 'Capital One, 2019: a role that could read far more buckets than its program needed',
    url: 'https://dl.acm.org/doi/10.1145/3546068',
  }),
  'account-principal': looser(
    'a principal becomes its account',
    '`role/base` becomes `:root`: every role of the account with a permission of its own.',
    iam('AWS JSON policy elements: Principal', 'reference_policies_elements_principal'),
  ),
  'any-principal': looser(
    'any principal of AWS',
    'The `AWS` principal of a trust policy becomes `*`.',
    iam('The confused deputy problem', 'confused-deputy'),
  ),
  'action-family': looser(
    'an action becomes its family',
    '`s3:GetObject` becomes `s3:Get*`.',
    iam('Grammar: Action', 'reference_policies_elements_action'),
  ),
  'any-action': looser('any action of the service', '`s3:GetObject` becomes `s3:*`.', LEAST_PRIVILEGE),
  'drop-deny': looser(
    'a Deny is dropped',
    'The statement goes.',
    iam('Policy evaluation logic', 'reference_policies_evaluation-logic'),
  ),
  'narrow-deny': looser(
    'a Deny covers less',
    'It loses one action or resource, or `s3:*` becomes `s3:Get*`.',
    iam('Establish permissions guardrails using data perimeters', 'access_policies_data-perimeters'),
  ),
  'lose-tag-session': tighter(
    'sts:TagSession is lost',
    'Pod Identity cannot assume a role without it, unless session tags are off.',
    {
      title: 'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
      url: 'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html',
    },
  ),
  'lose-list-bucket': tighter(
    's3:ListBucket is lost',
    'Lists fail, and a missing object is reported as 403 instead of 404.',
    {
      title: 'S3 API Reference, GetObject, "Permissions"',
      url: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html',
    },
  ),
} as const satisfies Readonly<Record<string, LooseningOperator>>;

export type OperatorId = keyof typeof OPERATORS;
