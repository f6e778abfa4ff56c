const NAME = 'pod-identity-webhook';

/** Registers the webhook like EKS: for pod creation, failing open (Kubernetes, "Dynamic Admission Control"). */
export function webhookRegistration(
  clientConfig: Readonly<Record<string, unknown>>,
  labels?: Readonly<Record<string, string>>,
) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration' as const,
    metadata: { name: NAME, ...(labels && { labels }) },
    webhooks: [
      {
        name: 'iam-for-pods.amazonaws.com',
        clientConfig,
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*' }],
        failurePolicy: 'Ignore',
        matchPolicy: 'Equivalent',
        reinvocationPolicy: 'IfNeeded',
        sideEffects: 'None',
        admissionReviewVersions: ['v1beta1'],
        timeoutSeconds: 10,
        namespaceSelector: {},
        objectSelector: {
          matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }],
        },
      },
    ],
  };
}
