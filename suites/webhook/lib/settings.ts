/** What the webhook puts into pods. */
import { between } from '../../../harness/index.ts';

export const CREDENTIALS_URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
export const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';

/** What a container of a Pod Identity pod that sets nothing itself gets, in this order. */
export const POD_IDENTITY_ENV = [
  'AWS_STS_REGIONAL_ENDPOINTS',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  CREDENTIALS_URI,
  TOKEN_FILE,
];

/** Seconds: the token of a Pod Identity pod lives a random time in here, so that pods do not renew in step. */
export const JITTERED = between(79_200, 86_400);

/** Variables that a container sets itself. */
export const env = (...names: readonly string[]): readonly { name: string; value: string }[] =>
  names.map((name) => ({ name, value: 'set-by-user' }));
