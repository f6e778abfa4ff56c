import { IMAGES, podIdentitySupport } from '../facts/image-versions.ts';
import { agentAddress, containersOf, credentialsOf, STATIC_KEYS, variable } from '../facts/injection.ts';
import { nearName } from '../facts/near-name.ts';
import { podsWithIdentity } from '../facts/own-identity.ts';
import type { Container } from '../snapshot/kubernetes.ts';
import {
  changeTemplate,
  containerCases,
  defineCheck,
  objectOf,
  podCase,
  setServiceAccount,
  type TemplateChange,
} from './cases.ts';

const isStaticKey = (name: string): boolean => STATIC_KEYS.includes(name);

export const staticKeys = defineCheck({
  id: 'PID501',
  title: "Static keys win over a pod's identity",
  severity: 'warning',
  hops: ['injection'],
  inMigration: 'blocks',
  rights: ['list pods', 'list serviceaccounts'],
  observation: 'A container with an identity sets a key. Keys in `envFrom`, files and images are not visible.',
  cause: 'Variables from before the migration, often from a Secret, were left in the manifest or chart.',
  effect: 'Every AWS SDK uses the keys first, so the role of the service account has no effect.',
  fix: 'Remove `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` from the containers, and delete the keys.',
  source: 'AWS SDKs and Tools Reference Guide, "Standardized credential providers"',
  find: (facts) =>
    containerCases(
      facts,
      podsWithIdentity(facts),
      (container) =>
        credentialsOf(container).preferred.some(isStaticKey)
          ? `sets ${credentialsOf(container).preferred.filter(isStaticKey).join(' and ')}`
          : undefined,
      (container) => without(container, 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'),
    ),
});

export const profile = defineCheck({
  id: 'PID502',
  title: "A profile or credentials file may win over a pod's identity",
  severity: 'warning',
  hops: ['injection'],
  inMigration: 'blocks',
  rights: ['list pods', 'list serviceaccounts'],
  observation:
    'A container sets `AWS_PROFILE`, `AWS_DEFAULT_PROFILE`, `AWS_SHARED_CREDENTIALS_FILE` or `AWS_CONFIG_FILE`. Files are not read.',
  cause: 'A setting from a developer machine or another cluster was copied into the manifest.',
  effect: 'Most AWS SDKs use credentials of the profile before Pod Identity. A missing profile is an error.',
  fix: 'Remove the variable, or make sure that the file contains no credentials.',
  source: 'AWS SDKs and Tools Reference Guide, "Standardized credential providers"',
  find: (facts) =>
    containerCases(facts, podsWithIdentity(facts), (container) => {
      const { preferred } = credentialsOf(container);
      return preferred.length > 0 && !preferred.some(isStaticKey) ? `sets ${preferred.join(' and ')}` : undefined;
    }),
});

export const ownWebIdentity = defineCheck({
  id: 'PID503',
  title: "A pod's own web identity wins over its association",
  severity: 'warning',
  hops: ['injection'],
  inMigration: 'blocks',
  rights: ['list pods'],
  observation: 'A container with Pod Identity also has `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.',
  cause: 'The manifest sets the variables of IRSA itself. The webhook keeps them and adds its own.',
  effect: 'AWS SDKs use the web identity first, so the association has no effect.',
  fix: 'Remove `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` from the manifest.',
  source: 'AWS SDKs and Tools Reference Guide, "Standardized credential providers"',
  find: (facts) =>
    containerCases(
      facts,
      facts.pods,
      (container) => {
        const { podIdentity, webIdentityRole: role } = credentialsOf(container);
        return podIdentity && role !== undefined
          ? `sets AWS_ROLE_ARN${role && ` (${role})`} and AWS_WEB_IDENTITY_TOKEN_FILE next to Pod Identity's variables`
          : undefined;
      },
      (container) => without(container, ...WEB_IDENTITY),
    ),
});

const URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
const RELATIVE = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
const WEB_IDENTITY = ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'];

export const ownEndpoint = defineCheck({
  id: 'PID504',
  title: 'A container sets variables that the webhook would inject',
  severity: 'error',
  hops: ['injection'],
  inMigration: 'blocks',
  rights: ['list pods', 'list serviceaccounts', 'eks:ListPodIdentityAssociations'],
  observation: `A container of a pod with an association has only one of \`${URI}\` and \`${TOKEN_FILE}\`, another address, or \`${RELATIVE}\`. One with an annotation has only one of \`${WEB_IDENTITY.join('\` and \`')}\`.`,
  cause: 'The manifest sets one of the variables. The webhook injects neither if one of them exists.',
  effect: 'The SDK asks without a token, asks another server, or ignores the association.',
  fix: 'Remove these variables from the manifest.',
  source: 'aws/amazon-eks-pod-identity-webhook, pkg/handler/handler.go',
  *find(facts) {
    for (const pod of podsWithIdentity(facts)) {
      const isAssociated = facts.associationOf(pod) !== undefined;
      const names = isAssociated ? [URI, TOKEN_FILE, RELATIVE] : WEB_IDENTITY;
      const problem = isAssociated ? problemOf : webIdentityProblem;
      yield* containerCases(facts, [pod], problem, (container) => without(container, ...names));
    }
  },
});

/** Removes the given variables that a container has. */
const without = (container: Container, ...names: readonly string[]): TemplateChange => ({
  env: names.filter((name) => variable(container, name)).map((name) => `${name}-`),
});

function webIdentityProblem(container: Container): string | undefined {
  const [set, other] = WEB_IDENTITY.filter((name) => variable(container, name));
  return set && !other ? `sets ${set}, but not both of ${WEB_IDENTITY.join(' and ')}` : undefined;
}

function problemOf(container: Container): string | undefined {
  const [uri, tokenFile] = [variable(container, URI), variable(container, TOKEN_FILE)];
  if (variable(container, RELATIVE)) return `sets ${RELATIVE}, which SDKs may prefer`;
  if (uri && !tokenFile) return `sets ${URI} without ${TOKEN_FILE}`;
  if (tokenFile && !uri) return `sets ${TOKEN_FILE} without ${URI}`;
  return uri && !credentialsOf(container).podIdentity
    ? `sets ${URI} to ${uri.value ?? 'another address'}, not the agent`
    : undefined;
}

export const oldImage = defineCheck({
  id: 'PID505',
  title: 'An image has a version that fails with Pod Identity',
  severity: 'error',
  hops: ['injection'],
  rights: ['list pods'],
  observation: `Tags of these images in containers with Pod Identity: ${Object.keys(IMAGES).join(', ')}. Other SDKs are not visible.`,
  cause:
    "The image's AWS SDK only accepts loopback addresses, or does not know the token file. A newer release may fail again.",
  effect: 'The SDK reports that only loopback hosts are allowed. It may use the node role instead.',
  fix: 'Use a version of the image outside of the range.',
  source: 'EKS User Guide, "Use pod identity with the AWS SDK": minimum versions',
  find: (facts) =>
    containerCases(
      facts,
      facts.pods,
      (container) => {
        const { state, source, from, minimum } = podIdentitySupport(container.image);
        const range = `${from === undefined ? 'all' : `from ${from}`} to below ${minimum}`;
        return state === 'too-old' && credentialsOf(container).podIdentity
          ? `has image ${container.image}, which fails (versions ${range}: ${source})`
          : undefined;
      },
      ({ image }) => ({ image: withVersion(image) }),
    ),
});

/** Returns an image with the first version that is not known to fail; undefined if its tag has more than a version. */
function withVersion(image: string): string | undefined {
  const [, name, prefix] = /^(.+:)(v?)\d+\.\d+\.\d+$/.exec(image) ?? [];
  const { minimum } = podIdentitySupport(image);
  return name === undefined || minimum === undefined ? undefined : `${name}${prefix}${minimum}`;
}

export const refusedPods = defineCheck({
  id: 'PID506',
  title: 'The pods of a workload are refused',
  severity: 'error',
  hops: ['injection'],
  inMigration: 'ignored',
  rights: ['list replicasets'],
  observation: 'A ReplicaSet has the condition ReplicaFailure, or another workload has an event FailedCreate.',
  cause: 'The service account does not exist, an admission webhook refuses, or a quota is full.',
  effect: 'The workload has too few pods, or none.',
  fix: 'Do what the message demands.',
  source: 'Kubernetes API Reference, ReplicaSetStatus: conditions',
  *find(facts) {
    const { snapshot, name } = facts;
    for (const { right: missing } of snapshot.gaps)
      if (/^list (daemonsets|statefulsets|jobs|events)$/.test(missing))
        yield { object: { kind: 'Cluster', name }, missing };
    const { serviceAccounts = [], refusedPods = [] } = snapshot.kubernetes;
    for (const { metadata, kind, message } of refusedPods) {
      const { namespace, owner } = metadata;
      const [, missing = ''] = /serviceaccount "([^"]+)" not found/.exec(message) ?? [];
      const names = serviceAccounts
        .filter((one) => one.metadata.namespace === namespace)
        .map((one) => one.metadata.name);
      const near = nearName(missing, names);
      const text = `${message.replace(/\.$/, '')}${near ? `; the namespace has service account \`${near}\`` : ''}.`;
      const object = objectOf(owner?.kind ?? kind, { ...metadata, name: owner?.name ?? metadata.name });
      yield { object, text, repair: near && setServiceAccount(facts, object, near) };
    }
  },
});

const MODE = 'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE';
const JAVA_IMAGE =
  /(?:^|[/-])(?:jre|jdk|java|openjdk|corretto|temurin|kafka|keycloak|spark|jenkins|opensearch|elasticsearch)\b/i;
const JAVA_VARIABLE = /^(?:JAVA_|JDK_|_JAVA_OPTIONS|CATALINA_|KAFKA_HEAP)/;

export const javaOnIpv6 = defineCheck({
  id: 'PID508',
  title: "Java refuses the agent's IPv6 address",
  severity: 'warning',
  hops: ['network'],
  rights: ['list pods'],
  observation: `A container has the agent's IPv6 address, an image or variables of Java, and no \`${MODE}\`.`,
  cause: "The AWS SDK for Java accepts the agent's IPv6 address only if the metadata service's mode is IPv6.",
  effect: 'The SDK reports that the host is not a loopback address, and uses the node role, if it can reach it.',
  fix: `Set \`${MODE}\` to \`IPv6\` in the container.`,
  source: 'aws/containers-roadmap#2683; aws/aws-sdk-java-v2#7086',
  *find(facts) {
    for (const pod of facts.pods)
      for (const container of containersOf(pod)) {
        const isJava = JAVA_IMAGE.test(container.image) || container.env.some(({ name }) => JAVA_VARIABLE.test(name));
        if (!isJava || !agentAddress(container)?.includes(':') || variable(container, MODE)) continue;
        const text = `Container ${container.name} runs Java with the agent at ${agentAddress(container)}, without ${MODE}.`;
        yield {
          ...podCase(pod, text, changeTemplate(facts, pod, container, { env: [`${MODE}=IPv6`] })),
          part: container.name,
        };
      }
  },
});
