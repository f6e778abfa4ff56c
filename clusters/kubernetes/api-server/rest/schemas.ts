import * as z from 'zod';
import { invalidValue, notSupported, requiredValue, type FieldError } from '../model/errors.ts';

export const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
export const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const filled = z.string().min(1, { abort: true });
const label = filled.regex(LABEL, LABEL_RULE);
const path = filled.regex(/^[^\0]*$/, 'must be a path');
const strings = z.array(z.string());
const objects = z.array(z.looseObject({})).nullish();
const count = z.int('must be greater than or equal to 0').min(0, 'must be greater than or equal to 0').optional();

const container = z.looseObject({
  name: label,
  image: filled,
  command: strings.nullish(),
  args: strings.nullish(),
  env: objects,
  envFrom: objects,
  ports: objects,
  volumeMounts: z
    .array(
      z.looseObject({
        mountPath: path,
        subPath: z
          .string()
          .regex(/^[^\0]*$/, 'must be a path')
          .regex(/^(?!\/)/, 'must be a relative path')
          .regex(/^(?!(.*\/)?\.\.(\/|$))/, "must not contain '..'")
          .optional(),
      }),
    )
    .nullish(),
});

/** Returns the schema of the fields that kubelet and scheduler use. Kubernetes rejects invalid ones too. */
const podWith = (...restartPolicies: readonly string[]) =>
  z.looseObject({
    spec: z.looseObject({
      restartPolicy: z.enum(restartPolicies),
      volumes: z.array(z.looseObject({ name: label })).nullish(),
      securityContext: z.looseObject({}).nullish(),
      schedulingGates: z.array(z.looseObject({ name: filled })).nullish(),
      containers: z.array(container).min(1),
      initContainers: z.array(container).nullish(),
    }),
    status: z
      .looseObject({
        conditions: objects,
        containerStatuses: objects,
        initContainerStatuses: objects,
        podIPs: objects,
        hostIPs: objects,
      })
      .nullish(),
  });

const share = z
  .unknown()
  .refine(
    (value) => value === undefined || /^(\d+|"\d+%")$/.test(JSON.stringify(value)),
    'must be a whole number of pods, or a percentage such as 25%',
  );
const workloadWith = (...restartPolicies: readonly string[]) =>
  z.looseObject({
    spec: z.looseObject({
      replicas: count,
      parallelism: count,
      completions: count,
      minReadySeconds: count,
      template: podWith(...restartPolicies),
      strategy: z
        .looseObject({ rollingUpdate: z.looseObject({ maxSurge: share, maxUnavailable: share }).nullish() })
        .nullish(),
    }),
  });
const served = workloadWith('Always');

const role = z.looseObject({
  rules: z
    .array(
      z.looseObject({
        verbs: strings.min(1),
        apiGroups: strings.optional(),
        resources: strings.optional(),
        resourceNames: strings.optional(),
        nonResourceURLs: strings.optional(),
      }),
    )
    .nullish(),
});
const bindingTo = (...kinds: readonly string[]) =>
  z.looseObject({
    roleRef: z.looseObject({ name: filled, kind: z.enum(kinds) }),
    subjects: z.array(z.looseObject({ name: filled })).nullish(),
  });

const listed = strings.min(1).refine((all) => all.length === 1 || !all.includes('*'), {
  message: "if '*' is present, must not specify other values",
});
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const TIMEOUT = 'the timeout value must be between 1 and 30 seconds';

/** Returns what makes the URL of a webhook unusable; undefined for a good one. */
function urlProblem(text: string): string | undefined {
  const form = 'desired format: https://host[:port]/path';
  if (!URL.canParse(text)) return `url must be a valid URL; ${form}`;
  const { protocol, username, password, search, hash } = new URL(text);
  if (protocol !== 'https:') return `'https' is the only allowed URL scheme; ${form}`;
  if (username !== '' || password !== '') return `user information is not permitted in the URL; ${form}`;
  return search === '' && hash === ''
    ? undefined
    : `query parameters and fragments are not permitted in the URL; ${form}`;
}

const clientConfig = z
  .looseObject({
    url: z
      .string()
      .superRefine((url, context) => {
        const message = urlProblem(url);
        if (message !== undefined) context.addIssue({ code: 'custom', message, input: url });
      })
      .nullish(),
    service: z.looseObject({ name: filled, namespace: filled }).nullish(),
  })
  .refine(
    ({ url, service }) => [url, service].filter((one) => one !== undefined && one !== null).length === 1,
    'exactly one of url or service is required',
  );

function uniqueNames(all: readonly { readonly name: string }[], context: z.RefinementCtx): void {
  all.forEach(({ name }, at) => {
    if (all.findIndex((one) => one.name === name) < at)
      context.addIssue({ code: 'custom', message: 'Duplicate value', input: name, path: [at, 'name'] });
  });
}

/** Kubernetes API Reference, "MutatingWebhookConfiguration" and "ValidatingWebhookConfiguration". */
const webhooks = z.looseObject({
  webhooks: z
    .array(
      z.looseObject({
        name: filled.regex(/^[^.]+(\.[^.]+){2,}$/, 'should be a domain with at least three segments separated by dots'),
        clientConfig,
        failurePolicy: z.enum(['Fail', 'Ignore']).nullish(),
        matchPolicy: z.enum(['Equivalent', 'Exact']).nullish(),
        reinvocationPolicy: z.enum(['IfNeeded', 'Never']).nullish(),
        sideEffects: filled.pipe(z.enum(['None', 'NoneOnDryRun'])),
        timeoutSeconds: z.int(TIMEOUT).min(1, TIMEOUT).max(30, TIMEOUT).nullish(),
        admissionReviewVersions: strings.min(1).refine((all) => all.includes('v1') || all.includes('v1beta1'), {
          message: 'must include at least one of v1, v1beta1',
        }),
        matchConditions: z
          .array(z.looseObject({ name: filled, expression: filled }))
          .max(64, 'must have at most 64 items')
          .superRefine(uniqueNames)
          .nullish(),
        rules: z
          .array(
            z.looseObject({
              apiGroups: listed,
              apiVersions: listed,
              operations: z.array(z.enum(OPERATIONS)).pipe(listed),
              resources: strings.min(1),
              scope: z.enum(['*', 'Cluster', 'Namespaced']).nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .superRefine(uniqueNames)
    .nullish(),
});

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  pods: podWith('Always', 'OnFailure', 'Never'),
  deployments: served,
  replicasets: served,
  daemonsets: served,
  jobs: workloadWith('OnFailure', 'Never'),
  roles: role,
  clusterroles: role,
  rolebindings: bindingTo('Role', 'ClusterRole'),
  clusterrolebindings: bindingTo('ClusterRole'),
  mutatingwebhookconfigurations: webhooks,
  validatingwebhookconfigurations: webhooks,
};

export function checkForm(resource: string, object: object): FieldError[] {
  const { error } = SCHEMAS[resource]?.safeParse(object, { reportInput: true }) ?? {};
  return (error?.issues ?? []).map((issue) => {
    const { code, input, message } = issue;
    const steps = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
    const field = steps.join('').slice(1);
    if (input === undefined || (code === 'too_small' && issue.origin !== 'number')) return requiredValue(field);
    if (code === 'invalid_value') return notSupported(field, input, issue.values.map(String));
    return invalidValue(field, input, code === 'invalid_type' ? `must be of type ${issue.expected}` : message);
  });
}
