import { credentialsOf, variable } from '../facts/injection.ts';
import type { Container } from '../snapshot/kubernetes.ts';
import { containerCases, defineCheck } from './cases.ts';

const URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
const RELATIVE = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';

export const ownEndpoint = defineCheck({
  id: 'PID504',
  title: 'A container sets variables that the webhook would inject',
  severity: 'error',
  rights: ['list pods', 'eks:ListPodIdentityAssociations'],
  observation: `A container of a pod with an association has only one of \`${URI}\` and \`${TOKEN_FILE}\`, another address, or \`${RELATIVE}\`.`,
  cause: 'The manifest sets one of the variables. The webhook injects neither if one of them exists.',
  effect: 'The SDK asks without a token, asks another server, or ignores the association.',
  fix: 'Remove the AWS_CONTAINER_ variables from the manifest.',
  source: 'aws/amazon-eks-pod-identity-webhook, pkg/handler/handler.go',
  find: (facts) =>
    containerCases(
      facts.pods.filter((pod) => facts.associationOf(pod)),
      problemOf,
    ),
});

function problemOf(container: Container): string | undefined {
  const [uri, tokenFile] = [variable(container, URI), variable(container, TOKEN_FILE)];
  if (variable(container, RELATIVE)) return `sets ${RELATIVE}, which SDKs may prefer`;
  if (uri && !tokenFile) return `sets ${URI} without ${TOKEN_FILE}`;
  if (tokenFile && !uri) return `sets ${TOKEN_FILE} without ${URI}`;
  return uri && !credentialsOf(container).podIdentity
    ? `sets ${URI} to ${uri.value ?? 'another address'}, not the agent`
    : undefined;
}
