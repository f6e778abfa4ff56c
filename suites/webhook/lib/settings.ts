/** What the webhook puts into pods. */
import { between } from '../../../harness/index.ts';

export const STS_ENDPOINTS = 'AWS_STS_REGIONAL_ENDPOINTS';
export const REGIONS = ['AWS_DEFAULT_REGION', 'AWS_REGION'];
export const CREDENTIALS_URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
export const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
export const PAIR = [CREDENTIALS_URI, TOKEN_FILE];
export const WEB_TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
export const WEB_PAIR = ['AWS_ROLE_ARN', WEB_TOKEN_FILE];

/** What a container that sets nothing itself gets, in this order. */
export const POD_IDENTITY_ENV = [STS_ENDPOINTS, ...REGIONS, ...PAIR];
export const IRSA_ENV = [STS_ENDPOINTS, ...REGIONS, ...WEB_PAIR];

/** Seconds: the token of a Pod Identity pod lives a random time in here, so that pods do not renew in step. */
export const JITTERED = between(79_200, 86_400);
