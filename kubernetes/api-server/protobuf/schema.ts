/**
 * Types of a field. A trailing `[]` means repeated; `?` that an explicit zero is kept, as a Go pointer's is, where other
 * zeros mean "not set". `map` and `bytesMap` have text keys. A name with a capital is a message below.
 */
export type FieldType = string;

/** Field number -> JSON name and type; `undefined` for fields that are read over, as what only a server writes. */
export type MessageSchema = Readonly<Record<number, readonly [name: string, type: FieldType] | undefined>>;

const META = { 1: ['metadata', 'ObjectMeta'] } as const;
const REVIEW_STATUS = { 3: undefined } as const;
const ROLE: MessageSchema = { ...META, 2: ['rules', 'PolicyRule[]'] };
const BINDING: MessageSchema = { ...META, 2: ['subjects', 'Subject[]'], 3: ['roleRef', 'RoleRef'] };

/**
 * The messages that kubectl's own commands write in protobuf (k8s.io/api and k8s.io/apimachinery, generated.proto). It
 * sends manifests as JSON, so a pod's spec is here only as far as `kubectl create deployment` fills it in.
 */
export const SCHEMAS: Readonly<Record<string, MessageSchema>> = {
  ObjectMeta: {
    1: ['name', 'string'],
    2: ['generateName', 'string'],
    3: ['namespace', 'string'],
    4: undefined,
    5: ['uid', 'string'],
    6: ['resourceVersion', 'string'],
    7: undefined,
    8: undefined,
    9: undefined,
    10: undefined,
    11: ['labels', 'map'],
    12: ['annotations', 'map'],
    13: ['ownerReferences', 'OwnerReference[]'],
    14: ['finalizers', 'string[]'],
    17: undefined,
  },
  OwnerReference: {
    1: ['kind', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
    5: ['apiVersion', 'string'],
    6: ['controller', 'bool?'],
    7: ['blockOwnerDeletion', 'bool?'],
  },
  LabelSelector: { 1: ['matchLabels', 'map'], 2: ['matchExpressions', 'LabelSelectorRequirement[]'] },
  LabelSelectorRequirement: { 1: ['key', 'string'], 2: ['operator', 'string'], 3: ['values', 'string[]'] },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'int?'],
    2: ['preconditions', 'Preconditions'],
    3: ['orphanDependents', 'bool?'],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', 'string[]'],
  },
  Preconditions: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] },
  Eviction: { ...META, 2: ['deleteOptions', 'DeleteOptions'] },

  Namespace: { ...META, 2: ['spec', 'NamespaceSpec'], 3: undefined },
  NamespaceSpec: { 1: ['finalizers', 'string[]'] },
  ServiceAccount: {
    ...META,
    2: ['secrets', 'ObjectReference[]'],
    3: ['imagePullSecrets', 'LocalObjectReference[]'],
    4: ['automountServiceAccountToken', 'bool?'],
  },
  Secret: {
    ...META,
    2: ['data', 'bytesMap'],
    3: ['type', 'string'],
    4: ['stringData', 'map'],
    5: ['immutable', 'bool?'],
  },
  ConfigMap: { ...META, 2: ['data', 'map'], 3: ['binaryData', 'bytesMap'], 4: ['immutable', 'bool?'] },
  LocalObjectReference: { 1: ['name', 'string'] },
  ObjectReference: {
    1: ['kind', 'string'],
    2: ['namespace', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
    5: ['apiVersion', 'string'],
    6: ['resourceVersion', 'string'],
    7: ['fieldPath', 'string'],
  },
  Service: { ...META, 2: ['spec', 'ServiceSpec'], 3: undefined },
  ServiceSpec: {
    1: ['ports', 'ServicePort[]'],
    2: ['selector', 'map'],
    3: ['clusterIP', 'string'],
    4: ['type', 'string'],
    7: ['sessionAffinity', 'string'],
    10: ['externalName', 'string'],
  },
  ServicePort: {
    1: ['name', 'string'],
    2: ['protocol', 'string'],
    3: ['port', 'int'],
    4: ['targetPort', 'IntOrString'],
    5: ['nodePort', 'int'],
  },

  Deployment: { ...META, 2: ['spec', 'DeploymentSpec'], 3: undefined },
  DeploymentSpec: {
    1: ['replicas', 'int?'],
    2: ['selector', 'LabelSelector'],
    3: ['template', 'PodTemplateSpec'],
    4: ['strategy', 'DeploymentStrategy'],
  },
  DeploymentStrategy: { 1: ['type', 'string'] },
  StatefulSet: { ...META, 2: undefined, 3: undefined },
  CronJob: { ...META, 2: undefined, 3: undefined },
  Job: { ...META, 2: ['spec', 'JobSpec'], 3: undefined },
  JobSpec: {
    1: ['parallelism', 'int?'],
    2: ['completions', 'int?'],
    3: ['activeDeadlineSeconds', 'int?'],
    4: ['selector', 'LabelSelector'],
    6: ['template', 'PodTemplateSpec'],
    7: ['backoffLimit', 'int?'],
    8: ['ttlSecondsAfterFinished', 'int?'],
    9: ['completionMode', 'string'],
    10: ['suspend', 'bool?'],
  },
  PodTemplateSpec: { ...META, 2: ['spec', 'PodSpec'] },
  PodSpec: {
    2: ['containers', 'Container[]'],
    3: ['restartPolicy', 'string'],
    8: ['serviceAccountName', 'string'],
  },
  Container: {
    1: ['name', 'string'],
    2: ['image', 'string'],
    3: ['command', 'string[]'],
    4: ['args', 'string[]'],
    6: ['ports', 'ContainerPort[]'],
    14: ['imagePullPolicy', 'string'],
  },
  ContainerPort: {
    1: ['name', 'string'],
    2: ['hostPort', 'int'],
    3: ['containerPort', 'int'],
    4: ['protocol', 'string'],
  },

  Role: ROLE,
  ClusterRole: ROLE,
  RoleBinding: BINDING,
  ClusterRoleBinding: BINDING,
  PolicyRule: {
    1: ['verbs', 'string[]'],
    2: ['apiGroups', 'string[]'],
    3: ['resources', 'string[]'],
    4: ['resourceNames', 'string[]'],
    5: ['nonResourceURLs', 'string[]'],
  },
  Subject: { 1: ['kind', 'string'], 2: ['apiGroup', 'string'], 3: ['name', 'string'], 4: ['namespace', 'string'] },
  RoleRef: { 1: ['apiGroup', 'string'], 2: ['kind', 'string'], 3: ['name', 'string'] },

  TokenRequest: { ...META, 2: ['spec', 'TokenRequestSpec'], ...REVIEW_STATUS },
  TokenRequestSpec: {
    1: ['audiences', 'string[]'],
    3: ['boundObjectRef', 'BoundObjectReference'],
    4: ['expirationSeconds', 'int?'],
  },
  BoundObjectReference: {
    1: ['kind', 'string'],
    2: ['apiVersion', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
  },
  TokenReview: { ...META, 2: ['spec', 'TokenReviewSpec'], ...REVIEW_STATUS },
  TokenReviewSpec: { 1: ['token', 'string'], 2: ['audiences', 'string[]'] },
  SelfSubjectReview: { ...META, 2: undefined },
  SubjectAccessReview: { ...META, 2: ['spec', 'SubjectAccessReviewSpec'], ...REVIEW_STATUS },
  LocalSubjectAccessReview: { ...META, 2: ['spec', 'SubjectAccessReviewSpec'], ...REVIEW_STATUS },
  SelfSubjectAccessReview: { ...META, 2: ['spec', 'SubjectAccessReviewSpec'], ...REVIEW_STATUS },
  SubjectAccessReviewSpec: {
    1: ['resourceAttributes', 'ResourceAttributes'],
    2: ['nonResourceAttributes', 'NonResourceAttributes'],
    3: ['user', 'string'],
    4: ['groups', 'string[]'],
    6: ['uid', 'string'],
  },
  ResourceAttributes: {
    1: ['namespace', 'string'],
    2: ['verb', 'string'],
    3: ['group', 'string'],
    4: ['version', 'string'],
    5: ['resource', 'string'],
    6: ['subresource', 'string'],
    7: ['name', 'string'],
  },
  NonResourceAttributes: { 1: ['path', 'string'], 2: ['verb', 'string'] },
  SelfSubjectRulesReview: { ...META, 2: ['spec', 'SelfSubjectRulesReviewSpec'], ...REVIEW_STATUS },
  SelfSubjectRulesReviewSpec: { 1: ['namespace', 'string'] },
};
