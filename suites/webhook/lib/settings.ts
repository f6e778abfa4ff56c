/** Settings that the webhook injects into pods. */
import { between } from '../../../harness/index.ts';

export const STS_ENDPOINTS = 'AWS_STS_REGIONAL_ENDPOINTS';
export const REGIONS = ['AWS_DEFAULT_REGION', 'AWS_REGION'];
export const CREDENTIALS_URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
export const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
export const PAIR = [CREDENTIALS_URI, TOKEN_FILE];
export const WEB_TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
export const WEB_PAIR = ['AWS_ROLE_ARN', WEB_TOKEN_FILE];

/** The variables of a container that sets none itself, in this order. */
export const POD_IDENTITY_ENV = [STS_ENDPOINTS, ...REGIONS, ...PAIR];
export const IRSA_ENV = [STS_ENDPOINTS, ...REGIONS, ...WEB_PAIR];

/** Seconds: the range of the random lifetime of Pod Identity tokens, which spreads renewals. */
export const JITTERED = between(79_200, 86_400);
