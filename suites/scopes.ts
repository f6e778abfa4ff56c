/**
 * Scopes and their suites, in the order of reports. Each suite is a folder here, and answers a question. Scope `load` cannot be
 * selected; its scenarios belong to profile `load`.
 */
export const SCOPES = {
  identity: {
    title: 'Which pods get which role, by EKS Pod Identity and IRSA',
    suites: {
      associations: 'How do EKS clients create, change, list and delete associations, and who may?',
      'eks-auth': 'For which tokens does EKS Auth open a session, and what does the session contain?',
      'pod-identity': 'Which pods get a role by an association, and what may they do?',
      irsa: 'Which pods get a role by an annotated service account, and which tokens does STS accept?',
      coexistence: 'Which role does a pod have if its service account uses both Pod Identity and IRSA?',
      'cross-cluster': 'Are roles, associations and tokens of one cluster isolated from those of another?',
      abac: 'Do policies on session tags isolate namespaces, service accounts and clusters?',
      'role-chaining': "What may a pod's session pass on when it assumes another role?",
      'cross-account': 'How do pods get a role in another account, and who must allow it?',
      organizations: 'What do service and resource control policies of an organization change for pods?',
      'service-accounts': 'Who can get a token of a service account, and where is it valid?',
      lifecycle: 'What changes for running and new pods when associations, roles and tokens change?',
      security: 'What can an attacker or a mistake expose?',
    },
  },
  agent: {
    title: 'The EKS Pod Identity agent',
    suites: { agent: 'What does the agent accept, cache, renew, limit and report?' },
  },
  webhook: {
    title: 'The Pod Identity webhook',
    suites: { webhook: 'What does the webhook inject into which pods, and what does it leave unchanged?' },
  },
  client: {
    title: 'SDKs and other clients in pods',
    suites: { client: 'Which credentials does a client find in its pod, and when does it renew or retry?' },
  },
  aws: {
    title: 'IAM, S3, signatures and the EKS API, on which identity depends',
    suites: {
      'eks-api': 'How do clusters, add-ons and access entries behave, and who may change them?',
      policies: 'What do IAM policies allow, and which policies does IAM accept?',
      s3: 'Which permissions does each request to S3 need, and which conditions apply?',
      signatures: 'Which signatures do S3, STS and EKS accept?',
    },
  },
  kubernetes: {
    title: 'Kubernetes, on which identity depends',
    suites: {
      pods: 'Which service account and token does a pod get, and how long does it keep them?',
      volumes: 'Which files do volumes have, and when do they change?',
      admission: 'When does the API server call a webhook, and how does it handle the response?',
      authorization: 'What do RBAC rules, bindings and impersonation allow?',
    },
  },
  load: {
    title: 'Many pods at once',
    suites: { load: 'Does each of many pods keep its own identity under load?' },
  },
} as const;
