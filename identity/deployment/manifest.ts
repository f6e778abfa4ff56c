import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import {
  EMPTY,
  PolicyProblem,
  Unknown,
  type DeployedAssociation,
  type Deployment,
  type DeployedPods,
} from './deployment.ts';

/** An object, and where it is. */
interface Located {
  /** For example `, line 5` in a file, or Terraform's address. */
  readonly at: string;
  readonly object: JsonObject;
}

/**
 * Returns service accounts, templates of pods and Pod Identity associations of ACK in a manifest: YAML or JSON, also of several
 * documents. Throws `PolicyProblem`.
 */
export function deploymentOfManifest(text: string): Deployment {
  const lines = new LineCounter();
  const documents = [parseAllDocuments(text, { lineCounter: lines, logLevel: 'error' })].flat() as Document.Parsed[];
  const located = documents.flatMap((document): Located[] => {
    const [error] = document.errors;
    const at = (offset: number): string => `, line ${lines.linePos(offset).line}`;
    if (error)
      throw new PolicyProblem(
        `is not YAML: ${error.message.split('\n')[0]?.replace(/[.:]+$/, '')}. A chart needs "helm template", a kustomization "kubectl kustomize".`,
      );
    const object: unknown = document.toJS();
    if (object === null || object === undefined) return [];
    const line = at(document.contents?.range[0] ?? document.range[0]);
    return flattened(object, line);
  });
  const deployment = ofObjects(located);
  if (deployment.serviceAccounts.length + deployment.pods.length + deployment.associations.length === 0)
    throw new PolicyProblem('has no service account and no pods. Give the manifests that have them.');
  return deployment;
}

/** Returns the objects of a `List` (Kubernetes API concepts, "Collections"), or the object. */
function flattened(object: unknown, at: string): Located[] {
  if (!isJsonObject(object) || textOf(object['apiVersion']) === undefined || textOf(object['kind']) === undefined)
    throw new PolicyProblem(
      `${at}: this document is not an object of Kubernetes, because it has no "apiVersion" and "kind".`,
    );
  if (object['kind'] === 'Kustomization')
    throw new PolicyProblem(`${at}: this is the input of kustomize. Give the output of "kubectl kustomize".`);
  return /List$/.test(String(object['kind'])) && Array.isArray(object['items'])
    ? object['items'].flatMap((item) => flattened(item, at))
    : [{ at, object }];
}

function ofObjects(located: readonly Located[]): Deployment {
  const all = located.map(({ at, object }) => {
    const { name, generateName, namespace, annotations } = objectOf(object['metadata']);
    const named = textOf(name) ?? textOf(generateName);
    const kind = String(object['kind']);
    if (named === undefined && kind === 'ServiceAccount')
      throw new PolicyProblem(`${at}: this ${kind} has no name. Add "metadata.name".`);
    return { at, kind, object, name: named ?? '', namespace: textOf(namespace), annotations: objectOf(annotations) };
  });
  const names = (
    one: { readonly namespace: string | undefined },
    kind: string,
    source: JsonObject,
  ): readonly string[] => {
    const held = all.find(
      (other) =>
        other.kind === kind &&
        other.name === source['name'] &&
        (other.namespace ?? one.namespace) === (one.namespace ?? other.namespace),
    );
    return Object.keys({ ...objectOf(held?.object['data']), ...objectOf(held?.object['stringData']) });
  };
  return {
    ...EMPTY,
    unread: all
      .filter(({ object }) => podTemplate(object) === undefined)
      .map(({ kind, name, at, object }) => ({
        reason: `${kind} ${name}${at} may run pods whose settings are not read`,
        content: JSON.stringify(object['spec'] ?? {}),
      }))
      .filter(({ content }) => /"(?:AWS_ACCESS_KEY_ID|serviceAccountName)"/.test(content)),
    serviceAccounts: all
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ at, kind, name, namespace, annotations }) => ({
        address: `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}${at}`,
        ...{ namespace, name, annotations: annotations as Readonly<Record<string, string>> },
      })),
    associations: all
      .filter(({ kind, object }) => `${String(object['apiVersion'])} ${kind}` === ACK_ASSOCIATION)
      .map(associationOf),
    pods: all.flatMap((one): DeployedPods[] => {
      const template = podTemplate(one.object);
      if (template === undefined) return [];
      const spec = objectOf(template['spec']);
      const withNames = (part: 'containers' | 'initContainers'): JsonObject[] =>
        listOf(spec[part])
          .map(objectOf)
          .map((container) => {
            const sources = listOf(container['envFrom']).map(objectOf);
            const env = sources.flatMap(({ prefix = '', secretRef, configMapRef }) =>
              [...names(one, 'Secret', objectOf(secretRef)), ...names(one, 'ConfigMap', objectOf(configMapRef))].map(
                (name) => ({ name: `${String(prefix)}${name}` }),
              ),
            );
            return { ...container, name: textOf(container['name']) ?? '', env: [...env, ...listOf(container['env'])] };
          });
      const pod = {
        metadata: objectOf(template['metadata']),
        spec: { ...spec, containers: withNames('containers'), initContainers: withNames('initContainers') },
      };
      return [{ address: `${one.kind} ${one.name}`, namespace: one.namespace, pod }];
    }),
  };
}

/** Kind of the AWS Controllers for Kubernetes (API reference of the EKS controller, "PodIdentityAssociation"). */
const ACK_ASSOCIATION = 'eks.services.k8s.aws/v1alpha1 PodIdentityAssociation';

function associationOf({ at, kind, name, object }: Located & { kind: string; name: string }): DeployedAssociation {
  const spec = objectOf(object['spec']);
  const address = `${kind} ${name}${at}`;
  const required = (key: string, reference = key) =>
    textOf(spec[key]) ??
    new Unknown(`${address} has spec.${reference} ${JSON.stringify(spec[reference])}, which is not read`);
  return {
    ...{ address, cluster: required('clusterName', 'clusterRef'), namespace: required('namespace') },
    ...{ serviceAccount: required('serviceAccount'), roleArn: required('roleARN', 'roleRef') },
    ...{ targetRoleArn: textOf(spec['targetRoleARN']), policy: textOf(spec['policy']) },
    disableSessionTags: spec['disableSessionTags'] === true,
  };
}

/** Returns the template of pods of any kind that has one, or the pod itself (Kubernetes API Reference, "Workload Resources"). */
function podTemplate(object: JsonObject): JsonObject | undefined {
  const spec = objectOf(object['spec']);
  const candidates = [
    object,
    spec['template'],
    objectOf(objectOf(spec['jobTemplate'])['spec'])['template'],
    object['template'],
  ];
  return candidates.map(objectOf).find((one) => Array.isArray(objectOf(one['spec'])['containers']));
}
