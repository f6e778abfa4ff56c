/** Who may impersonate users, groups and service accounts. */
import { expect } from 'chai';
import {
  check,
  fails,
  kubernetesCreate,
  kubernetesGet,
  matching,
  succeeds,
  suite,
  type ScenarioSpec,
} from '../../harness/index.ts';
import { withRights, type ClusterRule } from './lib/rights.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { SELF_REVIEW } from '../lib/rbac.ts';
import { JWKS } from '../lib/signing-keys.ts';
import { AUTHENTICATION } from '../lib/sources.ts';

const IMPERSONATION = 'Kubernetes documentation, "Authenticating", user impersonation';
const APP = '<namespace:app>';
const PODS_OF_APP = `/api/v1/namespaces/${APP}/pods`;
const AUTHENTICATION_GROUP = 'authentication.k8s.io';
const cannotImpersonate = (resource: string) => ({
  ...FORBIDDEN,
  message: `cannot impersonate resource "${resource}"`,
});
/** A service account that may impersonate another. */
const ACTOR = {
  namespace: 'app',
  serviceAccount: 'app/app',
  rules: [{ resources: ['serviceaccounts'], resourceNames: ['other'], verbs: ['impersonate'] }],
};
const ACTOR_TOKEN = { actor: { serviceAccount: 'app/app' } };
const MASTERS = 'system:masters';
const AUTHENTICATED = 'system:authenticated';
const STRANGERS = 'system:unauthenticated';

suite('authorization', ({ scenario }) => {
  const accounts = `system:serviceaccount:${APP}`;
  const whatMay = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: APP } };
  const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
  const MAY = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const mayList = (resource: string) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { user: 'x', groups: ['system:masters'], resourceAttributes: { namespace: APP, verb: 'list', resource } },
  });
  type Asker = Parameters<typeof kubernetesCreate>[2];
  const selfIs = (as: Asker, ...parts: readonly RegExp[]): ScenarioSpec['probes'] =>
    parts.map((part) => succeeds(kubernetesCreate(SELF_REVIEW.path, SELF_REVIEW.body, as), { body: matching(part) }));

  scenario('RB-15', 'a service account can impersonate another only with permission', {
    source: IMPERSONATION,
    workloads: { app: {}, other: { serviceAccount: 'other' }, third: { serviceAccount: 'third' } },
    users: {
      // Both are service accounts with tokens, because an impersonated user cannot impersonate again.
      actor: ACTOR,
      reader: { namespace: 'app', serviceAccount: 'app/other', rules: [{ resources: ['pods'], verbs: ['list'] }] },
    },
    tokens: ACTOR_TOKEN,
    probes: [
      fails(kubernetesGet(PODS_OF_APP, { token: 'actor' }), FORBIDDEN),
      succeeds(kubernetesGet(PODS_OF_APP, { token: 'actor', impersonate: `system:serviceaccount:${APP}:other` })),
      fails(
        kubernetesGet(JWKS, { token: 'actor', impersonate: `system:serviceaccount:${APP}:third` }),
        cannotImpersonate('serviceaccounts'),
      ),
      fails(kubernetesGet(JWKS, { token: 'actor', impersonate: 'somebody' }), cannotImpersonate('users')),
    ],
  });

  // Not in a shared cluster, because these rights apply to the whole cluster.
  scenario('RB-37', 'a user may impersonate only the users, groups, UIDs and extra values that the rules name', {
    source: 'Kubernetes documentation, "Authenticating", user impersonation',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('each impersonation header requires permission', async (context) => {
        const { kubernetes, name, eventually } = context;
        const path = name(`/api/v1/namespaces/${APP}/serviceaccounts/app/token`);
        const request = { apiVersion: `${AUTHENTICATION_GROUP}/v1`, kind: 'TokenRequest', spec: {} };
        const made = await kubernetes({ method: 'POST', path, body: request });
        const { token } = (JSON.parse(made.body) as { readonly status: { readonly token: string } }).status;
        type Headers = Readonly<Record<string, string | readonly string[]>>;
        const ask = (path: string, headers: Headers, body?: object) =>
          kubernetes({
            path,
            as: 'anonymous',
            headers: { authorization: `Bearer ${token}`, ...headers },
            ...(body !== undefined && { method: 'POST', body }),
          });
        const self = async (headers: Headers): Promise<Self> => {
          const answer = await ask(SELF_REVIEW.path, headers, SELF_REVIEW.body);
          if (answer.status !== 201) return { status: answer.status };
          return { status: 201, ...(JSON.parse(answer.body) as { status: { userInfo: object } }).status.userInfo };
        };
        const subject = { kind: 'ServiceAccount', name: 'app', namespace: name(APP) };
        const verbs = ['impersonate'];
        const rules: readonly ClusterRule[] = [
          { resources: ['users'], resourceNames: ['somebody', 'system:anonymous'], verbs },
          { resources: ['groups'], resourceNames: ['auditors', 'readers', STRANGERS], verbs },
          { apiGroups: [AUTHENTICATION_GROUP], resources: ['uids'], resourceNames: ['1234-5678'], verbs },
          {
            apiGroups: [AUTHENTICATION_GROUP],
            resources: ['userextras/scopes'],
            resourceNames: ['view', 'edit'],
            verbs,
          },
          { apiGroups: [AUTHENTICATION_GROUP], resources: ['userextras/example.com/level'], verbs },
        ];
        await withRights(context, { rules, subject }, async () => {
          const somebody = { 'Impersonate-User': 'somebody' };
          await eventually(
            () => self(somebody),
            ({ status }) => status !== 403,
          );
          const noGroups: readonly string[] = [];
          for (const [headers, groups, more] of [
            [{}, noGroups, {}],
            [{ 'Impersonate-Group': 'auditors' }, ['auditors'], {}],
            [{ 'Impersonate-Group': ['auditors', 'readers'] }, ['auditors', 'readers'], {}],
            [{ 'Impersonate-Uid': '1234-5678' }, noGroups, { uid: '1234-5678' }],
            [{ 'Impersonate-Extra-Scopes': 'view' }, noGroups, { extra: { scopes: ['view'] } }],
            [{ 'Impersonate-Extra-scopes': ['view', 'edit'] }, noGroups, { extra: { scopes: ['view', 'edit'] } }],
            [
              { 'Impersonate-Extra-Example.com%2FLevel': 'High' },
              noGroups,
              { extra: { 'example.com/level': ['High'] } },
            ],
          ] as const) {
            const { groups: found, ...seen } = await self({ ...somebody, ...headers });
            expect(seen, JSON.stringify(headers)).to.deep.equal({ status: 201, username: 'somebody', ...more });
            expect(found, JSON.stringify(headers)).to.have.members([...groups, AUTHENTICATED]);
          }
          for (const headers of [
            { 'Impersonate-User': 'another' },
            { 'Impersonate-Group': MASTERS },
            { 'Impersonate-Group': ['auditors', MASTERS] },
            { 'Impersonate-Group': [MASTERS, 'auditors'] },
            { 'Impersonate-Uid': '5678-1234' },
            { 'Impersonate-Extra-Scopes': 'all' },
            { 'Impersonate-Extra-Scopes': ['view', 'all'] },
            { 'Impersonate-Extra-Other': 'view' },
            { 'Impersonate-Extra-Scopes': 'view', 'Impersonate-Extra-Other': 'view' },
          ])
            expect(await self({ ...somebody, ...headers }), JSON.stringify(headers)).to.deep.equal({ status: 403 });
          // Extra values without a user are invalid.
          const withoutUser = await self({ 'Impersonate-Extra-Scopes': 'view' });
          expect(withoutUser, 'extra values without a user').to.deep.equal({ status: 500 });
          // An impersonated anonymous user counts as unauthenticated.
          for (const headers of [
            { ...somebody, 'Impersonate-Group': STRANGERS },
            { 'Impersonate-User': 'system:anonymous' },
          ]) {
            expect(await ask('/version', headers), JSON.stringify(headers)).to.include({ status: 200 });
            expect(await ask('/api', headers), JSON.stringify(headers)).to.include({ status: 403 });
          }
        });
      }),
    ],
  });

  scenario('RB-30', 'an impersonator acts as the requested user, group and UID', {
    source: `${AUTHENTICATION}, user impersonation; Kubernetes source, apiserver, endpoints/filters/impersonation; Kubernetes API Reference, SelfSubjectReview, SelfSubjectAccessReview and SelfSubjectRulesReview`,
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    users: {
      reader: {
        namespace: 'app',
        rules: [
          { resources: ['pods'], verbs: ['list'] },
          { resources: ['secrets'], resourceNames: ['mine'], verbs: ['get'] },
        ],
      },
      actor: ACTOR,
    },
    tokens: ACTOR_TOKEN,
    probes: [
      ...selfIs({ token: 'actor' }, text(`"username": *"${accounts}:app"`), text(`"system:serviceaccounts:${APP}"`)),
      ...selfIs(
        { token: 'actor', impersonate: `${accounts}:other` },
        ...[text(`"username": *"${accounts}:other"`), text(`"system:serviceaccounts:${APP}"`)],
        ...[/"system:serviceaccounts"/, /"system:authenticated"/],
      ),
      ...selfIs(
        { user: 'reader', group: 'auditors', uid: '1234-5678' },
        ...[/"uid": *"1234-5678"/, /"auditors"/, /"system:authenticated"/],
      ),
      fails(kubernetesGet(JWKS, { user: 'reader' }), FORBIDDEN),
      succeeds(kubernetesGet(JWKS, { user: 'reader', group: 'system:serviceaccounts' })),
      fails(kubernetesGet('/api/v1/nodes', { user: 'reader', group: 'auditors' }), FORBIDDEN),
      succeeds(kubernetesGet('/api/v1/nodes', { user: 'reader', group: 'system:masters' })),
      ...[/"resources": *\["pods"\]/, /"resourceNames": *\["mine"\]/].map((own) =>
        succeeds(kubernetesCreate(RULES, whatMay, { user: 'reader' }), { body: matching(own) }),
      ),
      // The review is about the caller, although its specification names another user.
      ...(['pods', 'nodes'] as const).map((resource) =>
        succeeds(kubernetesCreate(MAY, mayList(resource), { user: 'reader' }), {
          body: matching(text(`"allowed": *${String(resource === 'pods')}`)),
        }),
      ),
      ...[/"resources": *\["\*"\]/, /"nonResourceURLs": *\["\*"\]/].map((all) =>
        succeeds(kubernetesCreate(RULES, whatMay, { user: 'reader', group: 'system:masters' }), {
          body: matching(all),
        }),
      ),
      // Groups and UIDs require their own permissions.
      fails(
        kubernetesGet(JWKS, { token: 'actor', impersonate: `${accounts}:other`, group: 'system:masters' }),
        cannotImpersonate('groups'),
      ),
      fails(
        kubernetesGet(JWKS, { token: 'actor', impersonate: `${accounts}:other`, uid: '1234-5678' }),
        cannotImpersonate('uids'),
      ),
      // A group or UID without a user is invalid.
      ...[{ group: 'auditors' }, { uid: '1234-5678' }].map((part) =>
        fails(kubernetesGet(JWKS, { token: 'actor', ...part }), {
          by: 'kubernetes',
          code: '500',
          status: 500,
          message: 'without impersonating a user',
        }),
      ),
      check('an impersonated anonymous user is unauthenticated', async ({ kubernetes }) => {
        const anonymous = { 'Impersonate-User': 'system:anonymous' };
        const status = async (path: string): Promise<number> => (await kubernetes({ path, headers: anonymous })).status;
        expect(await status('/version')).to.equal(200);
        expect(await status('/api')).to.equal(403);
        const answer = await kubernetes({ method: 'POST', ...SELF_REVIEW, headers: anonymous });
        expect(answer.status).to.equal(403);
      }),
      check('requested groups replace those of a service account', async ({ kubernetes, name }) => {
        const headers = { 'Impersonate-User': name(`${accounts}:other`), 'Impersonate-Group': 'auditors' };
        const { body } = await kubernetes({ method: 'POST', ...SELF_REVIEW, headers });
        const { status } = JSON.parse(body) as {
          readonly status: { readonly userInfo: { readonly groups: string[] } };
        };
        expect(status.userInfo.groups).to.have.members(['auditors', 'system:authenticated']);
      }),
      // Malformed names of service accounts count as user names.
      ...[`${accounts}:other:more`, `${accounts}:`, 'system:serviceaccount:other'].map((impersonate) =>
        fails(kubernetesGet(JWKS, { token: 'actor', impersonate }), cannotImpersonate('users')),
      ),
    ],
  });
});

/** The user of a SelfSubjectReview, or the status of its refusal. */
interface Self {
  readonly status: number;
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

function text(pattern: string): RegExp {
  return new RegExp(pattern);
}
