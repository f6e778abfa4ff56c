/** Audiences of tokens: what the API server accepts, and the purposes of a pod's tokens. */
import { expect } from 'chai';
import {
  between,
  check,
  controlSucceeds,
  fails,
  irsaRole,
  irsaToken,
  kubernetesApiToken,
  kubernetesGet,
  matching,
  reviewToken,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { UNAUTHENTICATED, UNAUTHORIZED } from '../lib/outcomes.ts';
import { SELF_REVIEW } from '../lib/rbac.ts';
import { JWKS } from '../lib/signing-keys.ts';
import { BOUND_TOKENS, TOKEN_REQUEST } from '../lib/sources.ts';
import { POD_IDENTITY } from '../lib/worlds.ts';
import { ACCOUNT, reviewOf, STS, tells } from './lib/token-requests.ts';

const TOKEN_REVIEW = 'Kubernetes API Reference, TokenReview';
const SHORT = { expirationSeconds: 600 };

suite('service-accounts', ({ scenario }) => {
  scenario('RB-19', 'the API server rejects a token for another audience', {
    source: `${BOUND_TOKENS}; ${TOKEN_REQUEST}, audiences`,
    workloads: { app: {} },
    tokens: {
      api: { serviceAccount: 'app/app' },
      sts: { serviceAccount: 'app/app', audience: STS },
      'pod-identity': { serviceAccount: 'app/app', audience: POD_IDENTITY },
    },
    probes: [
      controlSucceeds(kubernetesGet(JWKS, { token: 'api' })),
      fails(kubernetesGet(JWKS, { token: 'sts' }), UNAUTHORIZED),
      fails(kubernetesGet(JWKS, { token: 'pod-identity' }), UNAUTHORIZED),
      fails(reviewToken('sts'), UNAUTHENTICATED),
    ],
  });

  scenario('RB-20', 'a token review accepts a token only for the requested audience', {
    source: `${TOKEN_REVIEW}, spec.audiences`,
    workloads: { app: {} },
    tokens: { api: { serviceAccount: 'app/app' }, sts: { serviceAccount: 'app/app', audience: STS } },
    probes: [
      succeeds(reviewToken('sts', { audience: STS }), { username: ACCOUNT }),
      fails(reviewToken('sts', { audience: 'vault.example.com' }), UNAUTHENTICATED),
      fails(reviewToken('api', { audience: STS }), UNAUTHENTICATED),
    ],
  });

  scenario('RB-22b', 'each token of a pod has its own audience and lifetime', {
    source: `${BOUND_TOKENS}; Amazon EKS User Guide, "Configure Pods to use a Kubernetes service account"; Kubernetes source, pkg/kubelet/token`,
    needs: ['irsa'],
    roles: { app: irsaRole('app/app') },
    // Also has a token for the API server with the shortest lifetime.
    workloads: {
      app: {
        irsa: 'app',
        volumes: { '/opt/short': { projected: { sources: [{ serviceAccountToken: { path: 'token', ...SHORT } }] } } },
      },
      // Another pod of the same service account, with the same settings.
      twin: { irsa: 'app' },
    },
    tokens: { api: { serviceAccount: 'app/app' } },
    probes: [
      tells('app', irsaToken, {
        issuer: 'https://<issuer:c1>',
        subject: ACCOUNT,
        audience: STS,
        lifetimeSeconds: between(86_399, 86_401),
      }),
      // Clusters may extend the lifetime of the token for the Kubernetes API.
      tells('app', kubernetesApiToken, {
        subject: ACCOUNT,
        audience: matching(/^https:\/\/[^,]+$/),
        podUid: '<pod-uid:app>',
        lifetimeSeconds: between(3606, 366 * 86_400),
      }),
      ...[irsaToken, kubernetesApiToken].map((token) => tells('twin', token, { podUid: '<pod-uid:twin>' })),
      succeeds(kubernetesGet(JWKS, { token: 'api' })),
    ],
  });

  scenario('RB-33', 'a token of aws eks get-token is only valid for the API server', {
    source:
      'Kubernetes documentation, "Authenticating", webhook token authentication: audiences; API Reference, TokenReviewStatus',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('it is valid for no other audience', async (context) => {
        const { kubernetes } = context;
        const token = await context.clusterToken();
        const { authenticated, audiences = [] } = await reviewOf(context, token);
        expect(authenticated, 'for the API server').to.equal(true);
        expect(await reviewOf(context, token, ['vault.example.com'])).not.to.include({ authenticated: true });
        const [own = ''] = audiences;
        const both = await reviewOf(context, token, ['vault.example.com', own]);
        expect(both).to.deep.include({ authenticated: true, audiences: [own] });
        // Every authenticated user is in this group, which may read API discovery.
        const headers = { authorization: `Bearer ${token}` };
        const self = await kubernetes({ method: 'POST', ...SELF_REVIEW, headers, as: 'anonymous' });
        expect(self).to.include({ status: 201 });
        const { status } = JSON.parse(self.body) as { status: { userInfo: { groups: readonly string[] } } };
        expect(status.userInfo.groups).to.include('system:authenticated');
      }),
    ],
  });
});
