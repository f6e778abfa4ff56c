import { cluster, literal, object, openObject, opt, text, union, type Infer } from '../scenario/form.ts';
import { changeToken } from '../../components/probe/tokens.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { change } from './forms.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { userName } from '../world/fixtures/users.ts';
import { clusterOf, type ScenarioContext } from '../scenario/scenario-context.ts';
import { httpResult } from './http-answer.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';

const impersonation = { group: opt(text), uid: opt(text) };
const bearer = object({ token: text, change, impersonate: opt(text), ...impersonation });
const user = object({ user: text, ...impersonation });
/** Anonymous, the bearer of a token of the scenario (impersonating a user, if given), or a user of the scenario. */
const asker = union([literal('anonymous'), bearer, user], '"anonymous", { user } or { token }');
type Asker = Infer<typeof asker>;

type Named = Partial<Infer<typeof bearer> & Infer<typeof user>>;
const partsOf = (as: Asker): Named => (as === 'anonymous' ? {} : as);

function wordsFor(as: Asker): string {
  const { token, change, user, impersonate, group, uid } = partsOf(as);
  if (as === 'anonymous') return 'anonymously';
  return [
    user === undefined ? `with token ${token}` : `as user ${user}`,
    change === undefined ? '' : `changed: ${change}`,
    impersonate === undefined ? '' : `impersonating ${impersonate}`,
    group === undefined ? '' : `in group ${group}`,
    uid === undefined ? '' : `with UID ${uid}`,
  ]
    .filter((word) => word !== '')
    .join(', ');
}

interface Request {
  readonly path: string;
  readonly as: Asker;
  readonly cluster: ClusterAlias;
}

const requestOptions = {
  asScenario: true,
  refersTo: ({ as, cluster }: Request) => ({
    tokens: [partsOf(as).token],
    users: [partsOf(as).user],
    clusters: [cluster],
  }),
  describe: ({ path, as }: Request) => [path, wordsFor(as)],
} as const;

/** Sends a GET to the API server: anonymously, with a token of the scenario, or as one of its users. */
export const kubernetesGet = defineHarnessOperation(
  'KubernetesGet',
  (path: string, as: Asker, cluster: ClusterAlias = 'c1') => ({ cluster, path, as }),
  {
    ...requestOptions,
    form: { cluster, path: text, as: asker },
    perform: (context, request) => send(context, request),
  },
);

/** Posts an object to the API server in a dry run. */
export const kubernetesCreate = defineHarnessOperation(
  'KubernetesCreate',
  (path: string, object: object, as: Asker, cluster: ClusterAlias = 'c1') => ({ cluster, path, object, as }),
  {
    ...requestOptions,
    form: { cluster, path: text, object: openObject({}, 'an object'), as: asker },
    perform: (context, request) => send(context, { ...request, path: `${request.path}?dryRun=All` }),
  },
);

async function send(
  context: ScenarioContext,
  { path, as, cluster, object }: Request & { readonly object?: object },
): Promise<ProbeResult> {
  const { token, change, user, impersonate, group, uid } = partsOf(as);
  const acting = user === undefined ? impersonate : userName(context, user);
  const answer = await clusterOf(context, cluster).kubernetes.raw({
    path,
    ...(object !== undefined && { method: 'POST', body: object }),
    ...(user === undefined && {
      as: token === undefined ? 'anonymous' : { token: await changeToken(context.tokens.get(token) ?? '', change) },
    }),
    headers: {
      ...(acting !== undefined && { 'Impersonate-User': acting }),
      ...(group !== undefined && { 'Impersonate-Group': group }),
      ...(uid !== undefined && { 'Impersonate-Uid': uid }),
    },
  });
  return httpResult('kubernetes', answer);
}
