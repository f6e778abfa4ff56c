import type { AssociationRequest } from './control-plane.ts';
import type { Operation } from '../scenario/spec.ts';
import type { ScenarioWorld } from '../world/world.ts';

/** Operations of a workload that show nothing of whose credentials it has. */
const WITHOUT_IDENTITY: ReadonlySet<string> = new Set([
  'FetchCredentials',
  'ReadFile',
  'Connect',
  'AwaitTokenRotation',
]);

export const showsIdentity = (operation: Operation): boolean => !WITHOUT_IDENTITY.has(operation.do);

const MOST_TAGS_TOLD = 8;

/** An operation in words: `GetObject s3://data/red/key`. With a world, names are the real ones. */
export function describeOperation(world: ScenarioWorld | undefined, operation: Operation): string {
  const expand = (text: string): string => (world ? world.names.expand(text) : text);
  const words: string[] = [operation.do];
  if ('at' in operation) {
    const place = world?.names.place(operation.at);
    words.push(`s3://${place ? `${place.bucket}/${place.key}` : operation.at}`);
  } else if ('bucket' in operation) {
    words.push(`s3://${world ? world.names.bucket(operation.bucket) : operation.bucket}`);
    if ('prefix' in operation && operation.prefix !== undefined) words.push(`with prefix ${expand(operation.prefix)}`);
  }
  if ('tags' in operation && operation.tags) {
    const tags = Object.entries(operation.tags).map(([key, value]) => `${key}=${expand(value)}`);
    words.push(tags.length > MOST_TAGS_TOLD ? `with ${tags.length} tags` : `with tags ${tags.join(', ')}`);
  }
  if ('through' in operation && operation.through) words.push(`through ${expand(operation.through.roleArn)}`);
  switch (operation.do) {
    case 'AssumeRole':
      words.push(expand(operation.role.roleArn));
      break;
    case 'AssumeRoleWithWebIdentity':
      words.push(expand(operation.roleArn), tokenWords(operation));
      break;
    case 'FetchCredentials':
      if (operation.method !== undefined) words.push(operation.method);
      if (operation.path !== undefined) words.push(operation.path);
      if (operation.host !== undefined) words.push(`Host "${operation.host}"`);
      if (operation.via !== undefined) words.push(`over ${operation.via}`);
      if (operation.repeat !== undefined) words.push(`${operation.repeat} times${operation.atOnce ? ' at once' : ''}`);
      words.push(tokenWords(operation));
      break;
    case 'ReadFile':
      words.push(operation.path);
      break;
    case 'Connect':
      words.push(`to ${operation.to}`);
      if (operation.until !== undefined) words.push(`until connections are ${operation.until}`);
      break;
    case 'AwaitTokenRotation':
      words.push(`of the ${operation.token} token within ${operation.seconds} s`);
      break;
    case 'AdmitPod':
      words.push(`of workload ${operation.like}`, JSON.stringify(operation.pod));
      if (operation.as !== undefined) words.push(`as user ${operation.as}`);
      if (operation.repeat !== undefined) words.push(`${operation.repeat} times`);
      break;
    case 'MutateRequest':
      words.push(`${operation.contentType}, ${operation.body.length} bytes`);
      break;
    case 'CreateToken':
      words.push(
        `for ${operation.serviceAccount}, audience ${operation.audience}`,
        operation.as === undefined ? 'as the administrator' : `as user ${operation.as}`,
      );
      break;
    case 'ReviewToken':
      words.push(operation.token);
      break;
    case 'KubernetesGet':
      words.push(operation.path, operation.as === 'anonymous' ? 'anonymously' : `with token ${operation.as.token}`);
      break;
    case 'AgentGet':
      words.push(`:${operation.port}${operation.path}`);
      break;
    case 'CreatePodIdentityAssociation':
      words.push(
        `for ${operation.namespace}/${operation.serviceAccount}`,
        associationWords(operation.association, expand),
        operation.as === undefined ? '' : `as role ${operation.as.role}`,
        operation.atOnce === undefined ? '' : `${operation.atOnce} at once`,
      );
      break;
    case 'UpdatePodIdentityAssociation':
      words.push(expand(operation.associationId), associationWords(operation.association, expand));
      break;
    case 'DescribeAddon':
      words.push(operation.addon);
      break;
    case 'ListPodIdentityAssociations':
      if (operation.namespace !== undefined) words.push(`of namespace ${operation.namespace}`);
      if (operation.serviceAccount !== undefined) words.push(`of service account ${operation.serviceAccount}`);
      if (operation.maxResults !== undefined) words.push(`in pages of ${operation.maxResults}`);
      break;
    case 'TagResource':
    case 'ListTagsForResource':
      words.push(expand(operation.arn));
      break;
    case 'UntagResource':
      words.push(expand(operation.arn), operation.tagKeys.join(', '));
      break;
    case 'DescribePodIdentityAssociation':
    case 'DeletePodIdentityAssociation':
      words.push(expand(operation.associationId));
      break;
    default:
      break;
  }
  if ('clusterName' in operation && operation.clusterName !== undefined)
    words.push(`in cluster ${expand(operation.clusterName)}`);
  return words.filter((word) => word !== '').join(' ');
}

/** What is asked of an association: `app, target role far, no session tags`. */
function associationWords(association: AssociationRequest, expand: (text: string) => string): string {
  const { role, roleArn, targetRole, disableSessionTags, policy } = association;
  return [
    role ?? expand(roleArn ?? ''),
    targetRole === undefined ? '' : `target role ${targetRole}`,
    disableSessionTags === undefined ? '' : `session tags ${disableSessionTags ? 'off' : 'on'}`,
    policy === undefined ? '' : 'a session policy',
  ]
    .filter((word) => word !== '')
    .join(', ');
}

function tokenWords({
  token,
  change,
}: {
  readonly token: { readonly from: string; readonly name?: string };
  readonly change?: string;
}): string {
  const kind =
    token.from === 'minted'
      ? `the minted token ${token.name ?? ''}`
      : token.from === 'none'
        ? 'no token'
        : token.from === 'text'
          ? 'a text for a token'
          : `the ${token.from} token`;
  return `with ${kind}${change === undefined ? '' : `, changed: ${change}`}`;
}
