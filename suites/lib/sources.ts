/** Sources of expectations, shared by several suites. */

export const HOW_IT_WORKS = 'Amazon EKS User Guide, "Understand how EKS Pod Identity works"';
export const TRUST_OF_PODS = 'Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"';
export const TARGET_ROLES = 'Amazon EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"';
export const TAGS_OF_PODS = 'Amazon EKS User Guide, "Grant Pods access to AWS resources based on tags"';
export const ASSIGN_ROLES = 'Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts"';
export const HOW_IT_GRANTS =
  'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" (considerations)';
export const EKS_API = 'Amazon EKS API Reference,';
export const UPDATE_ASSOCIATION = 'Amazon EKS API Reference, UpdatePodIdentityAssociation';
export const CREATE_ASSOCIATION = 'Amazon EKS API Reference, CreatePodIdentityAssociation';
export const EKS_AUTH = 'EKS Auth API Reference, AssumeRoleForPodIdentity';
export const EKS_AUTH_ERRORS = `${EKS_AUTH}, errors`;
/** The agent's code, github.com/aws/eks-pod-identity-agent. Its responses are not documented elsewhere. */
export const AGENT = 'eks-pod-identity-agent source, ';
export const AGENT_CACHE = `${AGENT}internal/credsretriever/refreshing_cache.go`;
export const AGENT_ERRORS = `${EKS_AUTH_ERRORS}; ${AGENT}pkg/errors`;
export const AGENT_VALIDATION = `${AGENT}internal/validation`;
export const WEBHOOK = 'amazon-eks-pod-identity-webhook, README';
export const WEBHOOK_HANDLER = 'amazon-eks-pod-identity-webhook source, pkg/handler/handler.go';
export const WEB_IDENTITY = 'AWS STS API Reference, AssumeRoleWithWebIdentity';
export const ASSUME_ROLE = 'AWS STS API Reference, AssumeRole';
export const PASS_TAGS = 'IAM User Guide, "Pass session tags in AWS STS"';
export const OIDC_PROVIDERS = 'IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM"';
export const OIDC_KEYS = 'IAM User Guide, "Available keys for AWS OIDC federation"';
export const OPERATORS = 'IAM User Guide, "IAM JSON policy elements: Condition operators"';
export const MULTIVALUED = 'IAM User Guide, "Set operators for multivalued context keys"';
export const VARIABLES = 'IAM User Guide, "IAM policy elements: Variables and tags"';
export const PRINCIPALS = 'IAM User Guide, "AWS JSON policy elements: Principal"';
export const EVALUATION = 'IAM User Guide, "Policy evaluation logic"';
export const SAME_ACCOUNT = 'IAM User Guide, "Policy evaluation for requests within a single account"';
export const CROSS_ACCOUNT = 'IAM User Guide, "Cross-account policy evaluation logic"';
export const BOUNDARIES = 'IAM User Guide, "Permissions boundaries for IAM entities"';
export const S3_KEYS = 'Service Authorization Reference, Amazon S3, condition keys';
export const RBAC = 'Kubernetes documentation, "Using RBAC Authorization"';
export const AUTHENTICATION = 'Kubernetes documentation, "Authenticating"';
export const BOUND_TOKENS = 'Kubernetes documentation, "Managing Service Accounts", bound service account tokens';
export const TOKEN_REQUEST = 'Kubernetes API Reference, TokenRequest';
