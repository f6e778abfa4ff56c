export * from './admit-pod.ts';
export * from './agent.ts';
export { asSession, chained } from './as-session.ts';
export { assumeByToken } from './assume-by-token.ts';
export { askEksAuth } from './ask-eks-auth.ts';
export * from './associations.ts';
export { may, mayNot, type AuthorizeOptions } from './authorize.ts';
export * from './check.ts';
export * from './create-pod-identity-association.ts';
export * from './disturbance.ts';
export * from './eks-resources.ts';
export * from './expectations.ts';
export * from './fetch-credentials.ts';
export * from './kubernetes.ts';
export * from './kubernetes-requests.ts';
export {
  awaitCalls,
  awaitLoad,
  endLoad,
  expectRecovery,
  loadCalls,
  loadVerdicts,
  restartLoad,
  startLoad,
} from './load.ts';
export * from './pod-identity-associations.ts';
export * from './pod-operations.ts';
export * from './pods.ts';
export * from './roles.ts';
export { runClient } from './run-client.ts';
export {
  deleteObject,
  deleteObjects,
  getObject,
  getObjectTagging,
  headBucket,
  headObject,
  listObjects,
  putObject,
} from './s3.ts';
export * from './service-accounts.ts';
export { altered, signedRequest } from './signed-request.ts';
export type { SignedRequestOptions } from './signed-request.ts';
export { assumeByProfile, assumeRole, assumeWithWebIdentity, chain, whoAmI } from './sts.ts';
export * from './time.ts';
export { irsaToken, kubernetesApiToken, minted, noToken, podIdentityToken, text } from './token-source.ts';
export * from './webhook.ts';
