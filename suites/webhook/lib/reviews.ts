/** Admission reviews like those of the API server. */
import { irsaRole, podIdentityRole, postToWebhook } from '../../../harness/index.ts';
import { IMAGE } from '../../lib/worlds.ts';

export const JSON_TYPE = 'application/json';
export const UID = '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11';
/** Returns an admission review for a pod of `<namespace:app>/app`. */
export const review = (pod: object, apiVersion = 'admission.k8s.io/v1'): string =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion,
    request: {
      uid: UID,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: '<namespace:app>',
      operation: 'CREATE',
      object: pod,
    },
  });
/** Posts a review with the content type of the API server. */
export const post = (body: string, options?: Parameters<typeof postToWebhook>[2]) =>
  postToWebhook(JSON_TYPE, body, options);
export const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app', namespace: '<namespace:app>' },
  spec: { serviceAccountName: 'app', containers: [{ name: 'app', image: IMAGE }] },
};
/** Service accounts with Pod Identity and with IRSA; pods occur only in reviews. */
export const ACCOUNTS = {
  roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
  workloads: {
    pi: { serviceAccount: 'pi', role: 'pi' },
    web: { serviceAccount: 'web', irsa: 'web' },
    mute: { serviceAccount: 'mute', irsa: 'web', serviceAccountAnnotations: { audience: '' } },
  },
} as const;
/** An annotation of the pod. */
export const HOUR = { 'eks.amazonaws.com/token-expiration': '3600' };
/** Returns a review of a pod with a token lifetime of one hour, because the default is random. */
export const reviewOf = (serviceAccountName: string, spec: object, metadata: object = {}): string =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: UID,
      namespace: '<namespace:app>',
      object: {
        metadata: { name: 'p', namespace: 'other', annotations: HOUR, ...metadata },
        spec: { serviceAccountName, ...spec },
      },
    },
  });
