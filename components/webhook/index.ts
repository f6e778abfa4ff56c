export { CONFIG_MAP, configMapIdentities } from './api-server/config-map.ts';
export { DEFAULT_TOKEN_EXPIRATION } from './options.ts';
export type { RunningWebhook, ServiceAccount, WebhookOptions } from './options.ts';
export { startWebhook } from './server/start.ts';
