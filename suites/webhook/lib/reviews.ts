/** Admission reviews as the API server sends them. */
import { irsaRole, podIdentityRole, postToWebhook } from '../../../harness/index.ts';
import { IMAGE } from '../../lib/worlds.ts';

export const JSON_TYPE = 'application/json';
export const UID = '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11';
/** An admission review for a pod of `<namespace:app>/app`, as the API server posts it. */
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
/** As the API server posts them. */
export const post = (body: string, options?: Parameters<typeof postToWebhook>[2]) =>
  postToWebhook(JSON_TYPE, body, options);
export const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app', namespace: '<namespace:app>' },
  spec: { serviceAccountName: 'app', containers: [{ name: 'app', image: IMAGE }] },
};
/** Service accounts of each way; pods are only asked about. */
export const ACCOUNTS = {
  roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
  workloads: {
    pi: { serviceAccount: 'pi', role: 'pi' },
    web: { serviceAccount: 'web', irsa: 'web' },
    mute: { serviceAccount: 'mute', irsa: 'web', serviceAccountAnnotations: { audience: '' } },
  },
} as const;
/** A pod's annotation. */
export const HOUR = { 'eks.amazonaws.com/token-expiration': '3600' };
/** A review of a pod, whose token lives an hour: the default is varied. */
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
