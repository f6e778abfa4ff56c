/**
 * Scopes and their suites, in the order of reports. Each suite is a folder here, and answers a question. Scope `load` is not
 * for selection: its scenarios belong to profile `load`.
 */
export const SCOPES = {
  identity: {
    title: 'Who gets which role, by EKS Pod Identity and IRSA',
    suites: {
      associations: 'How do EKS clients create, change, list and delete associations, and who may?',
      'eks-auth': 'For which tokens does EKS Auth open a session, and what is in it?',
      'pod-identity': 'Which pods get a role by an association, and what may they do?',
      irsa: 'Which pods get a role by an annotated service account, and which tokens does STS accept?',
      coexistence: 'Which role does a pod have if its service account uses both Pod Identity and IRSA?',
      'cross-cluster': 'Do roles, associations and tokens of one cluster stay apart from those of another?',
      abac: 'Do policies on session tags keep namespaces, service accounts and clusters apart?',
      'role-chaining': "What may a pod's session pass on when it assumes another role?",
      'cross-account': 'How do pods get a role in another account, and who must allow it?',
      'service-accounts': 'Who can get a token of a service account, and what is it worth?',
      lifecycle: 'What changes for running and new pods when associations, roles and tokens change?',
      security: 'What can an attacker, or a mistake, open?',
    },
  },
  agent: {
    title: 'The EKS Pod Identity agent',
    suites: { agent: 'What does the agent accept, cache, renew, limit and report?' },
  },
  webhook: {
    title: 'The Pod Identity webhook',
    suites: { webhook: 'What does the webhook put into which pods, and what does it leave alone?' },
  },
  client: {
    title: 'SDKs and other clients in pods',
    suites: { client: 'Which credentials does a client find in its pod, and when does it renew or retry?' },
  },
  aws: {
    title: 'IAM, S3, signatures and the EKS API, which identity rests on',
    suites: {
      'eks-api': 'How do clusters, add-ons and access entries behave, and who may change them?',
      policies: 'What do IAM policies allow, and which of them does IAM accept?',
      s3: 'Which permission and condition does each request to S3 need?',
      signatures: 'Which signatures do S3, STS and EKS accept?',
    },
  },
  kubernetes: {
    title: 'Kubernetes, which identity rests on',
    suites: {
      pods: 'Which service account and token does a pod get, and how long does it keep them?',
      volumes: 'Which files do volumes have, and when do they change?',
      admission: 'When does the API server call a webhook, and what does it do with the answer?',
      authorization: 'What do RBAC rules, bindings and impersonation allow?',
    },
  },
  load: {
    title: 'Many pods at once',
    suites: { load: 'Does each of many pods keep its own identity under load?' },
  },
} as const;

/** Names that suites had before, and the suites that took their scenarios. */
export const RENAMED_SUITES = {
  'control-plane': ['associations', 'eks-api'],
  rbac: ['service-accounts', 'pods', 'volumes', 'authorization'],
} as const;
